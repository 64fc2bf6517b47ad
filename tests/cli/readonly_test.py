"""A verb that reads cannot write: no writing function can be reached from it by the linker, and no system call of it
changes anything."""
import functools
import re
import subprocess

import pytest

# --- what the linker could reach -------------------------------------------------------------------------------------

READING = ["scan", "check", "show", "ctk_show", "ctk_blocks", "ctk_map", "ctk_diff", "ctk_verify", "chain", "extents",
           "export", "compare", "explain", "targets"]
OUTPUT = {"ctk_blocks", "ctk_map", "export"}  # -o and export create one new file
WRITING = {f"src/repair/{part}" for part in ("executor", "recovery", "reverse", "lock", "workplace", "journal")}


def symbols(file, *flags):
    listed = subprocess.run(["nm", "-P", *flags, str(file)], capture_output=True, text=True, check=True).stdout
    return {tuple(line.split()[:2]) for line in listed.splitlines() if len(line.split()) > 1}


@pytest.fixture(scope="module")
def reached_from(program_path):
    """The sources whose functions can be reached from a verb's source."""
    files = [file for file in program_path.parent.glob("CMakeFiles/*.dir/**/*.o")
             if "/src/" in str(file) or "/formats/" in str(file)]
    names = {file: re.search(r"\.dir/(.*)\.cpp\.o$", str(file))[1] for file in files}
    definers, needs = {}, {}
    for file in files:
        for symbol, kind in symbols(file, "--defined-only"):
            if kind in "TDBR":  # what is inline lies in each object that uses it
                definers.setdefault(symbol, []).append(file)
        needs[file] = {symbol for symbol, _ in symbols(file, "-u")}

    @functools.cache
    def reached(verb):
        (start,) = [file for file in files if names[file] == f"src/cli/{verb}"]
        seen, left = {start}, [start]
        while left:
            found = {file for symbol in needs[left.pop()] for file in definers.get(symbol, [])} - seen
            seen |= found
            left += found
        return {names[file] for file in seen}
    return reached


@pytest.mark.parametrize("verb", READING)
def test_no_writing_function_is_reached_from_a_reading_verb(reached_from, verb):
    assert not [name for name in reached_from(verb) if "writer" in name or name in WRITING]


@pytest.mark.parametrize("verb", sorted(set(READING) - OUTPUT))
def test_what_creates_a_file_is_reached_from_no_verb_without_output(reached_from, verb):
    assert "src/storage/output" not in reached_from(verb)


def test_the_same_look_finds_what_a_writing_verb_reaches(reached_from):
    assert {"src/storage/local_writer", "src/repair/executor", "src/repair/journal"} <= reached_from("change")


# --- what the kernel is asked for ------------------------------------------------------------------------------------

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
