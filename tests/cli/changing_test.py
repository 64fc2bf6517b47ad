"""A datastore that changes while it is read: a nightly backup makes and deletes snapshots of running machines."""
import contextlib
import multiprocessing
import os
import re
import time

import pytest

from make_recipe import cook

MACHINE = """vm {0}/a.vmx ctk=TRUE power={1}
  disk scsi0:0 a.vmdk ctk=TRUE
disk {0}/a.vmdk 16M flat cid=1b77e0d4 ctk=a-ctk.vmdk
ctk {0}/a-ctk.vmdk 16M
"""
DELTA = """# Disk DescriptorFile
version=3
CID=9f2c11aa
parentCID=1b77e0d4
parentFileNameHint="a.vmdk"
createType="vmfsSparse"
RW 32768 VMFSSPARSE "a-{0}-delta.vmdk"
changeTrackPath="a-{0}-ctk.vmdk"
"""
LIST = """.encoding = "UTF-8"
snapshot.lastUID = "1"
snapshot.current = "1"
snapshot0.uid = "1"
snapshot0.filename = "a-Snapshot{0}.vmsn"
snapshot0.displayName = "nightly"
snapshot0.numDisks = "1"
snapshot0.disk0.fileName = "a.vmdk"
snapshot0.disk0.node = "scsi0:0"
snapshot.numSnapshots = "1"
"""


def replace(path, content):
    path.with_suffix(".new").write_text(content)
    os.rename(path.with_suffix(".new"), path)


def make_and_delete_snapshots(folder, pause):
    """In the order of ESXi: at each moment the machine is whole. No moment may last because the tests beside this one
    take the processor: a host's do not."""
    with contextlib.suppress(PermissionError):
        os.nice(-10)
    configuration, ctk = (folder / "a.vmx").read_text(), (folder / "a-ctk.vmdk").read_bytes()
    number = 0
    while True:
        number += 1
        name = f"{number % 3 + 1:06}"
        (folder / f"a-{name}-delta.vmdk").write_bytes(b"COWD" + bytes(2556))
        (folder / f"a-{name}-ctk.vmdk").write_bytes(ctk)
        replace(folder / f"a-{name}.vmdk", DELTA.format(name))
        (folder / f"a-Snapshot{name}.vmsn").write_bytes(b"state")
        replace(folder / "a.vmsd", LIST.format(name))
        replace(folder / "a.vmx", configuration.replace('"a.vmdk"', f'"a-{name}.vmdk"'))
        time.sleep(pause)
        replace(folder / "a.vmx", configuration)
        replace(folder / "a.vmsd", "")
        for left in (f"a-Snapshot{name}.vmsn", f"a-{name}.vmdk", f"a-{name}-delta.vmdk", f"a-{name}-ctk.vmdk"):
            (folder / left).unlink()
        time.sleep(pause)


@pytest.fixture
def backup(tmp_path):
    """A datastore whose running machines are backed up all the time."""
    names = [f"vm{number}" for number in range(4)]
    ds = cook("".join(MACHINE.format(name, "on") for name in names), tmp_path / "ds")
    workers = [multiprocessing.Process(target=make_and_delete_snapshots, args=(ds / name, 0.002), daemon=True)
               for name in names]
    for worker in workers:
        worker.start()
    yield ds
    for worker in workers:
        worker.kill()
        worker.join()


def test_a_backup_of_healthy_machines_is_no_error_and_nothing_that_could_not_be_read(program, backup):
    for _ in range(12):
        report = program.json("check", backup)
        assert not [each for each in report["findings"] if each["severity"] in ("error", "critical")]
        assert not report["exit_status"] & 8
        assert all(each["why"] for each in report["skipped"] if each["reason"] == "changing")


def broken(name, power):
    """A machine that names a CTK file which is not there."""
    return MACHINE.format(name, power) + f"remove {name}/a-ctk.vmdk\n"


def test_what_is_wrong_with_a_running_machine_is_told_all_the_same(program, tmp_path):
    report = program.json("check", cook(broken("web", "on"), tmp_path / "ds"))
    assert [each["code"] for each in report["findings"]] == ["ctk-missing"]
    assert not [each for each in report["skipped"] if each["reason"] == "changing"]


def test_what_leads_into_a_folder_that_is_gone_is_told_all_the_same(program, tmp_path):
    recipe = MACHINE.format("web", "on") + "patch web/a.vmdk 0 23\n" + (
        "vm far/b.vmx power=on\n  disk scsi0:0 b.vmdk\ndisk far/b.vmdk 16M cowd parent=../gone/g.vmdk\n")
    report = program.json("check", cook(recipe, tmp_path / "ds"))
    assert [(each["code"], each["path"]) for each in report["findings"]] == [("chain-parent-missing", "far/b.vmdk")]


def listings(program, *arguments):
    """{last part of a folder: how often it was listed}."""
    _, lines = program.calls("openat,openat2", "check", *arguments)
    found = [re.search(r'"([^"]+)"', line)[1] for line in lines if "O_DIRECTORY" in line and " = -1 " not in line]
    names = [path.rstrip("/").rpartition("/")[2] for path in found]
    return {name: names.count(name) for name in names}


def test_only_the_machine_that_something_is_said_of_is_read_again(program, tmp_path):
    ds = cook(broken("web", "on") + MACHINE.format("fine", "on") + broken("down", "off"), tmp_path / "ds")
    counts = listings(program, ds)
    assert counts["web"] > 1 and counts["fine"] == counts["down"] == 1


def test_where_nothing_is_found_nothing_is_read_again(program, tmp_path):
    counts = listings(program, cook(MACHINE.format("fine", "on"), tmp_path / "ds"))
    assert counts["fine"] == 1
