"""--provenance: who asked when and how, and of which bytes of which files the document speaks."""
import hashlib
import json
import os
import re
import threading
import time

import pytest

from make_recipe import cook
from schemas import violations

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
DISK, DELTA, CTK = "app01/app01.vmdk", "db01/db01-000001.vmdk", "app01/app01-ctk.vmdk"
LINES = [["scan", "."], ["check", "."], ["check", ".", "--deep"], ["show", DISK, "app01/app01.vmx"], ["ctk", "show", CTK],
         ["ctk", "blocks", CTK, "--since", "1"], ["ctk", "map", CTK], ["ctk", "diff", CTK, "app01/app01_1-ctk.vmdk"],
         ["ctk", "verify", "--images", DISK, DISK, CTK, "--since", "0"], ["chain", DELTA], ["extents", DELTA]]


def provenance(program, *line, **more):
    return program.json(*line, "--provenance", **more)["provenance"]


def files_of(program, *line, **more):
    files = provenance(program, *line, **more)["files"]
    keys = [(-1 if each["target"] is None else each["target"], os.fsencode(each["path"])) for each in files]
    assert keys == sorted(set(keys)), "each once, by target, then path"
    return {each["path"]: each for each in files}


def head_of(path, most=None):
    with path.open("rb") as file:
        return file.read(most)


def sha256(path, most=None):
    return hashlib.sha256(head_of(path, most)).hexdigest()


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_document_tells_who_asked_what_and_of_which_files(program, demo, line):
    plain = program.json(*line, cwd=demo)
    document = program.json(*line, "--provenance", cwd=demo)
    assert violations(document) == []
    found = document.pop("provenance")
    assert document == plain, "nothing else differs"
    assert found["arguments"] == [*line, "--provenance", "--json"]
    assert TIME.match(found["started"]) and found["started"] <= found["finished"]
    assert found["user"] and found["host"] == os.uname().nodename
    assert found["tool_build"].startswith(document["tool"]["version"]) and "/" not in found["tool_build"]
    assert found["files"]
    for file in found["files"]:
        there = demo / file["path"]
        assert file["size_bytes"] == there.stat().st_size and "changed" not in file
        assert file["modified"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(there.stat().st_mtime_ns // 10**9))
        assert file["sha256"] is None or file["sha256"] == sha256(there, file.get("bytes"))


def test_an_export_tells_what_it_read(program, demo, scratch):
    document = program.json("export", demo / DELTA, scratch / "out.raw", "--provenance")
    assert violations(document) == []
    files = {each["path"]: each for each in document["provenance"]["files"]}
    assert files[str(demo / DELTA)]["sha256"] == sha256(demo / DELTA)
    assert str(demo / "db01/db01-000001-delta.vmdk") in files


@pytest.mark.parametrize("verb", ["scan", "check"])
def test_configurations_lists_and_descriptors_have_the_digest_of_all_their_bytes(program, demo, verb):
    files = files_of(program, verb, demo)
    texts = [path for path in demo.rglob("*") if path.suffix in (".vmx", ".vmsd") or
             path.suffix == ".vmdk" and head_of(path, 21) == b"# Disk DescriptorFile"]
    texts = [path for path in texts if path.stat().st_size and ".cbtctl" not in str(path)]
    assert len(texts) > 10
    for text in texts:
        found = files[str(text.relative_to(demo))]
        assert (found["target"], found["sha256"], "bytes" in found) == (0, sha256(text), False), text


def test_of_a_large_file_the_digest_is_of_the_first_bytes(program, demo):
    found = files_of(program, "scan", demo)[CTK]
    assert 0 < found["bytes"] < found["size_bytes"] == (demo / CTK).stat().st_size
    assert found["sha256"] == sha256(demo / CTK, found["bytes"])


def test_a_long_descriptor_is_read_on_and_stands_once_with_all_its_bytes(program, copy_of):
    ds = copy_of("demo")
    with (ds / DISK).open("a") as file:
        file.write("# a comment\n" * 20000)
    found = files_of(program, "scan", ds)[DISK]
    assert found["sha256"] == sha256(ds / DISK, found.get("bytes")) and found["size_bytes"] == (ds / DISK).stat().st_size
    assert "bytes" not in found and "changed" not in found


def test_data_read_in_parts_has_its_size_and_time_alone(program, demo):
    found = files_of(program, "extents", "db01/db01-000001.vmdk", cwd=demo)["db01/db01-000001-delta.vmdk"]
    assert found["sha256"] is None and "bytes" not in found and found["size_bytes"] and found["modified"]


def test_a_file_of_two_targets_stands_under_each_that_it_was_read_through(program, copy_of):
    first, second = copy_of("demo", "a"), copy_of("healthy", "b")
    found = provenance(program, "scan", first, second)["files"]
    assert {file["target"] for file in found} == {0, 1}


def test_a_file_that_differed_between_two_readings_is_changed(program, scratch):
    cook("""vm a/a.vmx ctk=TRUE power=on
  disk scsi0:0 a.vmdk ctk=TRUE
disk a/a.vmdk 16M flat cid=1b77e0d4 ctk=a-ctk.vmdk
""", scratch / "ds")
    vmx, over = scratch / "ds/a/a.vmx", threading.Event()
    text = vmx.read_text()

    def write():
        for number in range(10**6):
            new = vmx.with_suffix(".new")
            new.write_text(text + "#" * (number % 7) + "\n")
            new.replace(vmx)
            if over.wait(0.02):
                return
    writer = threading.Thread(target=write)
    writer.start()
    try:
        document = program.json("check", scratch / "ds", "--provenance")
    finally:
        over.set()
        writer.join()
    assert violations(document) == []
    assert [file.get("changed") for file in document["provenance"]["files"] if file["path"] == "a/a.vmx"] == [True], document


@pytest.mark.parametrize("line", [["scan", "."], ["check", ".", "--csv"], ["chain", DELTA], ["show", DISK],
                                  ["check", ".", "--format", "nagios"], ["ctk", "map", CTK, "-o", "x.png", "--json"]],
                         ids=" ".join)
def test_without_a_document_it_is_misused(program, demo, line):
    status = 3 if "nagios" in line else 16
    assert "--provenance" in program.run(*line, "--provenance", cwd=demo, status=status).stderr


def test_a_password_stands_nowhere_in_it(program, demo, scratch):
    (scratch / "password").write_text("correct horse\n")
    found = provenance(program, "scan", demo, "--password-file", scratch / "password")
    assert "correct horse" not in json.dumps(found)
    assert str(scratch / "password") in found["arguments"]
