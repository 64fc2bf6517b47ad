"""A mount that does not answer: strace holds a call back, as a server that is gone does."""
from concurrent.futures import ThreadPoolExecutor

from program import fault

SLOW = "delay_enter=11000000:when=1"


def test_a_path_that_does_not_answer_is_named(program, copy_of):
    folder = copy_of("healthy")
    slow = fault("getdents64", SLOW, path=folder)
    found = program.run("scan", folder, under=slow, status=0, says=f"{folder}: no answer for 10 s, and still waited")
    assert found.stderr.count("\n") == 1, found


def test_a_path_that_answers_is_not_named(program, copy_of):
    assert program.run("scan", copy_of("healthy"), status=0).stderr == ""


WRITES = {"mkdirat": "one/.cbtctl", "linkat": "one/one.vmx", "renameat": "one/one.vmx", "renameat2": "one/one-ctk.vmdk",
          "syncfs": "one", "fchmod": "one/.cbtctl/", "unlinkat": "one/.cbtctl/"}


def test_each_call_that_changes_a_mount_names_the_path_that_it_waits_for(program, copy_of):
    def change(call):
        folder = copy_of("healthy", call)
        slow = fault(call, SLOW)
        return folder, program.run("reset", folder, "--vm", "one", "--yes", under=slow, who=call, status=0)

    with ThreadPoolExecutor(len(WRITES)) as pool:
        for (call, path), (folder, found) in zip(WRITES.items(), pool.map(change, WRITES)):
            told = [line for line in found.stderr.splitlines() if "no answer for 10 s, and still waited" in line]
            assert len(told) == 1 and told[0].startswith(f"cbtctl: {folder}/{path}"), (call, found.stderr)


def test_a_file_that_is_written_elsewhere_is_named_too(program, copy_of, scratch):
    folder, out = copy_of("healthy"), scratch / "out.raw"
    program.run("export", folder / "one/one.vmdk", out, under=fault("fdatasync", SLOW), status=0,
                says=f"{out}.partial: no answer for 10 s, and still waited")
