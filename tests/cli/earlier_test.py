"""Runs that version 0.1.0 has left, in every state: listed, recovered, undone and purged.

What lies in runs-0.1.0 was written by that version, over the machine `one` of the healthy datastore; the disk and its
CTK file, which are large, come from there. A plan remembers times and places, which a copy does not keep: they are
put in."""
import base64
import json
import shutil
from pathlib import Path

import pytest

from folders import copy_folder, picture

LEFT = Path(__file__).parent / "runs-0.1.0"
ASIDE = {"finished", "half", "twice"}  # the CTK file lies in the folder of the run


def text_of(encoded):
    return base64.b64decode(encoded).decode()


def put_in_times(plan, top):
    """Of this copy, in a plan of the old one."""
    document = json.loads(plan.read_text())
    for machine in document["machines"]:
        roots = [text_of(root).replace("/mnt/old", str(top)) for root in machine["roots"]]
        machine["roots"] = [base64.b64encode(root.encode()).decode() for root in roots]
        for witness in machine["witnesses"]:
            path = Path(roots[witness["file"][0]]) / text_of(witness["file"][1])
            if witness["exists"]:
                status = path.stat()
                witness |= {"size_bytes": status.st_size, "modified_ns": status.st_mtime_ns,
                            "changed_ns": status.st_ctime_ns}
    plan.write_text(json.dumps(document))


@pytest.fixture
def left(program, copy_of, scratch):
    """A function: what 0.1.0 left in one of the states; (datastore, what it was before, the id of the run)."""
    def make(name):
        top, healthy = scratch / name, copy_of("healthy")
        folders = [path.parent for path in (LEFT / name / "ds").rglob("one.vmx") if ".cbtctl" not in path.parts]
        before = {}
        for folder in folders:
            there = top / folder.relative_to(LEFT / name)
            copy_folder(healthy / "one", there)
        before = picture(top / "ds")
        for folder in folders:
            there = top / folder.relative_to(LEFT / name)
            shutil.copytree(folder, there, dirs_exist_ok=True, copy_function=shutil.copyfile)
            for run in there.glob(".cbtctl/2*") if name in ASIDE else ():
                (there / "one-ctk.vmdk").rename(run / "one-ctk.vmdk")
        shutil.copytree(LEFT / name / "state", program.state(), dirs_exist_ok=True)
        for plan in [*top.rglob("*plan.json"), *program.state().rglob("plan.json")]:
            put_in_times(plan, top)
        (run,) = (path.name for path in (program.state() / "cbtctl").iterdir())
        return top / "ds", before, run
    return make


@pytest.mark.parametrize("name, outcomes", [("finished", ["changed"]), ("killed", ["unfinished"]),
                                            ("half", ["unfinished"]), ("undone", ["restored"]),
                                            ("twice", ["changed", "changed"])])
def test_they_are_listed(program, left, name, outcomes):
    ds, _, run = left(name)
    (listed,) = program.json("history", status=0)["runs"]
    assert listed["id"] == run and [machine["outcome"] for machine in listed["machines"]] == outcomes
    there = program.json("history", ds, who="another", status=0)["runs"]
    assert [each["id"] for each in there] == ([] if name == "undone" else [run])


@pytest.mark.parametrize("name", ["killed", "half"])
@pytest.mark.parametrize("who", ["me", "another"])
def test_they_are_recovered_by_the_operators_word(program, left, name, who):
    ds, before, run = left(name)
    program.json("repair", ds, "--yes", who=who)
    assert list(ds.rglob("lock")), "it was written on another machine: nobody can tell whether it is at work"
    told = program.json("repair", ds, "--yes", "--only", "ctk-orphan", "--take-over", run, who=who)
    assert [result["outcome"] for result in told["recovered"]] == ["rolled-back"]
    assert {path: seen[3] for path, seen in picture(ds).items()} == {path: seen[3] for path, seen in before.items()}
    assert not list(ds.rglob(".cbtctl"))


@pytest.mark.parametrize("name", ["finished", "twice"])
@pytest.mark.parametrize("who", ["me", "another"])
def test_they_are_undone(program, left, name, who):
    ds, before, run = left(name)
    targets = [ds / "d1", ds / "d2"] if name == "twice" else [ds]
    done = program.json("undo", run, *(targets if who == "another" else ()), "--yes", who=who, status=0)
    assert {result["outcome"] for result in done["results"]} == {"restored"}
    assert {path: seen[3] for path, seen in picture(ds).items()} == {path: seen[3] for path, seen in before.items()}
    assert not list(ds.rglob(".cbtctl"))


def test_they_are_purged(program, left):
    ds, _, run = left("finished")
    (gone,) = program.json("purge", ds, "--older-than", "0", "--yes", status=0)["runs"]
    assert gone["run"] == run and gone["deleted"] and not list(ds.rglob(".cbtctl"))
