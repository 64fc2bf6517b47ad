"""A verb that reads changes nothing: no system call of it asks for a change. That it cannot write is proven elsewhere,
by what it links."""
import re

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
