"""A verb that reads cannot write: the linker takes no writing function along with it, and no system call of it asks for
a change."""
import re
import subprocess

import pytest

CHANGING = ["rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link", "linkat",
            "symlink", "symlinkat", "truncate", "ftruncate", "chmod", "fchmod", "fchmodat", "chown", "fchown",
            "fchownat", "utimensat", "mknod", "mknodat", "setxattr", "fsetxattr", "fallocate"]
TRACED = ",".join(["open", "openat", "openat2", "creat", *(f"?{call}" for call in CHANGING)])
CHANGES = re.compile(rf"\b({'|'.join(CHANGING)}|creat)\(|O_(WRONLY|RDWR|CREAT|TRUNC)")


def changes_among(calls):
    return [line for line in calls if CHANGES.search(line)]


@pytest.mark.parametrize("line", [
    "scan .", "check . --deep", "show app01/app01.vmdk", "ctk show app01/app01-ctk.vmdk",
    "ctk blocks app01/app01-ctk.vmdk --since 1", "ctk map app01/app01-ctk.vmdk",
    "ctk diff app01/app01-ctk.vmdk app01/app01_1-ctk.vmdk", "chain db02/db02-000002.vmdk",
    "extents db01/db01-000001.vmdk", "explain", "history", "enable . --dry-run", "disable . --dry-run",
    "reset . --dry-run", "clean . --dry-run", "repair . --dry-run", "reset .", "repair .", "purge . --older-than 0"])
def test_a_verb_that_reads_asks_the_kernel_for_no_change(program, demo, line):
    found, calls = program.calls(TRACED, *line.split(), cwd=demo)
    assert found.stdout or found.stderr
    assert [call for call in calls if "O_RDONLY" in call], calls
    assert not changes_among(calls)


def test_the_same_look_finds_what_a_writing_verb_asks_for(program, copy_of):
    _, calls = program.calls(TRACED, "reset", copy_of("healthy"), "--yes")
    assert {"rename", "mkdir", "link"} <= {name for name in ("rename", "mkdir", "link")
                                           if any(re.search(rf"\b{name}", call) for call in changes_among(calls))}


# tests/CMakeLists.txt links the verbs that read into programs of their own, and leaves out what nothing calls.
WRITES = re.compile(r"^\w* . (vtable for )?cbtctl::(storage::(\(anonymous namespace\)::)?\w*Writer|repair::)")
CREATES = re.compile(r"^\w* . (vtable for )?cbtctl::storage::(\(anonymous namespace\)::)?(LocalOutput|LocalPartial)")


def linked_into(program):
    return subprocess.run(["nm", "-C", program], capture_output=True, text=True, check=True).stdout.splitlines()


def test_no_writing_function_is_linked_into_the_verbs_that_read(program_path):
    symbols = linked_into(program_path.parent / "reading_verbs")
    assert [symbol for symbol in symbols if "cbtctl::cli::run_export" in symbol]
    assert not [symbol for symbol in symbols if WRITES.search(symbol)]


def test_only_those_with_an_output_can_create_a_file(program_path):
    assert [symbol for symbol in linked_into(program_path.parent / "reading_verbs") if CREATES.search(symbol)]
    assert not [symbol for symbol in linked_into(program_path.parent / "looking_verbs") if CREATES.search(symbol)]


def test_the_same_look_finds_the_writing_functions_of_the_program(program_path):
    written_in = {match[2] for symbol in linked_into(program_path) if (match := WRITES.search(symbol))}
    assert {"repair::", "storage::(anonymous namespace)::LocalWriter"} <= written_in
