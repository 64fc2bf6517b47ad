#!/usr/bin/python3
"""A verb that reads cannot write: no writing function can be reached from it by the linker, and no system call of it
changes anything.

usage: readonly_test.py CBTCTL SOURCE_DIR
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402
from folders import scratch_folder  # noqa: E402

CBTCTL, SOURCE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()


# --- what the linker could reach -------------------------------------------------------------------------------------


def symbols(obj, *flags):
    lines = subprocess.run(["nm", "-P", *flags, str(obj)], capture_output=True, text=True, check=True).stdout.splitlines()
    return {(line.split()[0], line.split()[1]) for line in lines if len(line.split()) > 1}


os.environ["XDG_STATE_HOME"] = str(scratch_folder("readonly"))
objects = [o for o in CBTCTL.parent.glob("CMakeFiles/*.dir/**/*.o") if "/CMakeFiles/" in str(o) and ("/src/" in str(o) or "/formats/" in str(o))]
expect("the build's objects are found", len(objects) > 100, len(objects))
names = {o: re.search(r"\.dir/(.*)\.cpp\.o$", str(o))[1] for o in objects}
definers, needs = {}, {}
for o in objects:
    for symbol, kind in symbols(o, "--defined-only"):
        if kind in "TDBR":  # what is inline lies in each object that uses it
            definers.setdefault(symbol, []).append(o)
    needs[o] = {symbol for symbol, _ in symbols(o, "-u")}


def reached_from(verb):
    start = [o for o in objects if names[o] == f"src/cli/{verb}"]
    expect(f"{verb} is a source", len(start) == 1, len(start))
    seen, left = set(start), list(start)
    while left:
        for symbol in needs[left.pop()]:
            for o in definers.get(symbol, []):
                if o not in seen:
                    seen.add(o)
                    left.append(o)
    return {names[o] for o in seen}


def writes(name):
    return "writer" in name or name in {f"src/repair/{part}" for part in ("executor", "recovery", "reverse", "lock", "workplace", "journal")}


READING = ["scan", "check", "show", "ctk_show", "ctk_blocks", "ctk_map", "ctk_diff", "ctk_verify", "chain", "extents", "export", "compare", "explain", "targets"]
OUTPUT = {"ctk_blocks", "ctk_map", "export"}  # -o and export create one new file
for verb in READING:
    reached = reached_from(verb)
    expect(f"{verb} reaches no writing function", not [n for n in reached if writes(n)], [n for n in reached if writes(n)])
    if verb not in OUTPUT:
        expect(f"{verb} creates no file", "src/storage/output" not in reached)
expect("the same look finds what a writing verb reaches", {"src/storage/local_writer", "src/repair/executor", "src/repair/journal"} <= reached_from("change"))

# --- what the kernel is asked for ------------------------------------------------------------------------------------

CHANGING = ["rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link", "linkat", "symlink", "symlinkat", "truncate",
            "ftruncate", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "utimensat", "mknod", "mknodat", "setxattr", "fsetxattr", "fallocate"]


def check_calls(*arguments):
    with tempfile.NamedTemporaryFile("r") as report:
        subprocess.run(["strace", "-f", "-qq", "-o", report.name, "-e", "trace=open,openat,openat2,creat," + ",".join(f"?{c}" for c in CHANGING), str(CBTCTL), *map(str, arguments)],
                       capture_output=True, timeout=120, cwd=SOURCE, stdin=subprocess.DEVNULL)
        lines = report.read().splitlines()
    expect(f"{arguments} could be traced", len(lines) > 3)
    bad = [line for line in lines if re.search(r"\b(%s)\(" % "|".join(CHANGING), line) or re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", line)]
    expect(f"{arguments} asks for no change", not bad, bad)


app = SOURCE / "fixtures/demo/app01"
for arguments in (["scan", "fixtures/demo"], ["check", "fixtures/demo", "--deep"], ["show", app / "app01.vmdk"], ["ctk", "show", app / "app01-ctk.vmdk"],
                  ["ctk", "blocks", app / "app01-ctk.vmdk", "--since", "1"], ["ctk", "map", app / "app01-ctk.vmdk"],
                  ["ctk", "diff", app / "app01-ctk.vmdk", app / "app01_1-ctk.vmdk"], ["chain", "fixtures/demo/db02/db02-000002.vmdk"],
                  ["extents", "fixtures/demo/db01/db01-000001.vmdk"], ["explain"], ["history"],
                  *([verb, "fixtures/demo", "--dry-run"] for verb in ("enable", "disable", "reset", "clean", "repair")),
                  *([verb, "fixtures/demo"] for verb in ("reset", "repair")), ["purge", "fixtures/demo", "--older-than", "0"]):
    check_calls(*arguments)

finish(at_least=50)
