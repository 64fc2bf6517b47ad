"""Holds every JSON document that the program prints against its schema, on every fixture."""
import json
import os
from pathlib import Path

import pytest

from folders import FIXTURES
from schemas import violations

CASES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def held(program, *arguments, **more):
    """The document, once it has kept its schema and told the exit status that the program had."""
    found = program.run(*arguments, "--json", text=False, **more)
    assert found.returncode in (0, 4, 8, 12, 16), found
    document = json.loads(found.stdout.decode("utf-8"))
    assert violations(document) == []
    assert document["exit_status"] == found.returncode
    return document


# --- what is said where nothing can be said ---------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["ctk blocks --since 1 none", "ctk map none", "ctk diff none none",
                                  "ctk verify --since 1 --delta none none", "compare none none",
                                  "export none none.raw"])
def test_what_cannot_be_done_is_told_by_a_document(program, scratch, line):
    document = held(program, *line.split(), cwd=scratch)
    assert document["schema"] == "cbtctl.error/1" and "none" in document["error"]


# --- whole datastores ------------------------------------------------------------------------------------------------


def test_there_are_datastores_of_every_kind():
    assert {"demo", "findings", "healthy", "hostile"} <= set(CASES)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("line", [
    "scan", "scan --vm web* --allow-unmatched", "check", "check --deep --fail-on none", "enable --dry-run", "disable --dry-run",
    "reset --dry-run", "clean --dry-run", "repair --dry-run", "purge --dry-run --older-than 0"])
def test_what_is_said_of_a_datastore_keeps_its_schema(program, case, line):
    held(program, *line.split(), FIXTURES / case)


# --- changes ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ds(copy_of):
    return copy_of("demo")


@pytest.fixture
def repaired(program, ds):
    """The id of a run that repaired what there was."""
    return held(program, "repair", ds, "--yes")["run"]


def test_what_is_said_of_a_change_keeps_its_schema(program, ds):
    held(program, "reset", ds, "--vm", "app01", "--yes")
    assert held(program, "history")["runs"]


@pytest.mark.parametrize("line", ["history RUN --verify", "history RUN DS", "undo RUN --dry-run"])
def test_what_is_said_of_a_run_keeps_its_schema(program, ds, repaired, line):
    held(program, *({"RUN": repaired, "DS": ds}.get(word, word) for word in line.split()))


def test_what_is_said_of_taking_a_run_back_twice_keeps_its_schema(program, repaired):
    for _ in range(2):
        held(program, "undo", repaired, "--yes")


def test_what_is_said_of_applying_a_plan_keeps_its_schema(program, ds, scratch):
    held(program, "disable", ds, "--vm", "rdm", "--plan-out", scratch / "plan.json")
    held(program, "apply", scratch / "plan.json", "--dry-run")
    held(program, "apply", scratch / "plan.json", "--yes")


def test_what_is_said_of_a_purge_keeps_its_schema(program, ds, repaired):
    assert held(program, "purge", ds, "--older-than", "0", "--yes")["runs"]


# --- explanations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["explain", "explain ctk-missing"])
def test_an_explanation_keeps_its_schema(program, line):
    held(program, *line.split())


# --- single files ----------------------------------------------------------------------------------------------------


def files_below(case):
    """Folder -> its files, but for those that hold no structure and those of many terabytes."""
    for root, folders, names in os.walk(FIXTURES / case):
        folders.sort()
        paths = [Path(root) / name for name in sorted(names) if not name.endswith(("recipe", ".log", ".nvram"))]
        files = [path for path in paths if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 42]
        if files:
            yield files


def batches(case):
    """A start for the files of each folder; of the hostile ones, for each file."""
    return [[file] for files in files_below(case) for file in files] if case == "hostile" else list(files_below(case))


BATCHES = [files for case in ("demo", "hostile") for files in batches(case)]


def head_of(file):
    with open(file, "rb") as content:
        return content.read(21)


def is_disk(file):
    """Or a machine."""
    return head_of(file).startswith((b"# Disk DescriptorFile", b"KDMV")) or file.suffix in (".vmx", ".vmtx")


def is_tracking(file):
    return head_of(file).startswith(b"\xa2\x72\x19\xf6") or (file.name.endswith("-ctk.vmdk") and not is_disk(file))


TRACKING = [[file for file in files if is_tracking(file)] for files in BATCHES]
DISKS = [[file for file in files if is_disk(file) and file.stat().st_size < 1 << 16] for files in BATCHES]
OTHERS = [file for files in BATCHES for file in files if not is_disk(file) and not is_tracking(file)]


def named(batch):
    """The folder, or the one file."""
    first = batch[0].relative_to(FIXTURES)
    return os.fsencode(first.parent if len(batch) > 1 else first).decode("ascii", errors="backslashreplace")


def for_each_batch(batches_of_files):
    return pytest.mark.parametrize("files", [batch for batch in batches_of_files if batch], ids=named)


@for_each_batch(BATCHES)
def test_what_show_says_of_files_keeps_its_schema(program, files):
    assert len(held(program, "show", *files)["files"]) == len(files)


@for_each_batch(TRACKING)
def test_what_ctk_show_says_of_files_keeps_its_schema(program, files):
    assert len(held(program, "ctk", "show", *files)["files"]) == len(files)


@for_each_batch(DISKS)
@pytest.mark.parametrize("verb", ["chain", "extents"])
def test_what_is_said_of_the_disks_of_files_keeps_its_schema(program, verb, files):
    held(program, verb, *files)


@pytest.mark.parametrize("line", ["chain FILE", "extents FILE", "ctk show FILE"])
def test_what_is_said_of_a_file_of_another_kind_keeps_its_schema(program, line):
    for file in OTHERS:
        held(program, *(file if word == "FILE" else word for word in line.split()))


@pytest.fixture(scope="module")
def confirmed(module_program):
    """The CTK files whose layout is beyond doubt."""
    files = [file for batch in TRACKING for file in batch]
    shown = module_program.json("ctk", "show", *files)["files"]
    return [file for file, told in zip(files, shown, strict=True) if told["layout"] == "confirmed"]


def test_both_datastores_have_ctk_files_whose_layout_is_beyond_doubt(confirmed):
    assert {file.relative_to(FIXTURES).parts[0] for file in confirmed} == {"demo", "hostile"}


@pytest.mark.parametrize("line", ["blocks CTK --since 0", "blocks CTK --since * --merge", "map CTK",
                                  "map CTK --since 2", "diff CTK CTK"])
def test_what_is_said_of_the_content_of_a_ctk_file_keeps_its_schema(program, confirmed, line):
    for file in confirmed:
        held(program, "ctk", *(file if word == "CTK" else word for word in line.split()))


# --- whole machines --------------------------------------------------------------------------------------------------

MACHINES = sorted(FIXTURES.glob("*/*/*.vmx"))


@pytest.mark.parametrize("case", sorted({path.relative_to(FIXTURES).parts[0] for path in MACHINES}))
@pytest.mark.parametrize("verb", ["chain", "extents"])
def test_what_is_said_of_the_disks_of_machines_keeps_its_schema(program, verb, case):
    machines = [path for path in MACHINES if path.relative_to(FIXTURES).parts[0] == case]
    assert held(program, verb, *machines)["disks"]


# --- comparing and exporting -----------------------------------------------------------------------------------------

DB01 = FIXTURES / "demo/db01"


@pytest.mark.parametrize("line, verdict", [
    ("diff db01-ctk.vmdk db01-000001-ctk.vmdk", None),
    ("verify --delta db01-000001.vmdk db01-000001-ctk.vmdk", "no write is missed"),
    ("verify --images db01.vmdk db01-000001.vmdk db01-000001-ctk.vmdk --since 3", "no write is missed"),
    ("verify --images db01.vmdk db01-000001.vmdk db01-000001-ctk.vmdk --since 4", "proof")])
def test_what_is_said_of_a_comparison_keeps_its_schema(program, line, verdict):
    assert held(program, "ctk", *line.split(), cwd=DB01).get("verdict") == verdict


@pytest.mark.parametrize("line", ["export db01-000001.vmdk new\udcff.raw",
                                  "export db01-000001.vmdk old.raw --link 1 --sha256"])
def test_what_is_said_of_an_export_keeps_its_schema(program, scratch, line):
    held(program, *(scratch / word if word.endswith(".raw") else word for word in line.split()), cwd=DB01)
