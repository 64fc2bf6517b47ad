#!/usr/bin/python3
"""What holds for every verb: usage errors, missing files, pipes, colour, escaping, options, and that reading changes nothing.

usage: usage_test.py CBTCTL SOURCE_DIR
"""
import base64
import csv
import io
import json
import os
import pty
import re
import resource
import shutil
import struct
import subprocess
import sys
from pathlib import Path

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402
from folders import scratch_folder  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
DEMO = SOURCE / "fixtures/demo"
CTK = "app01/app01-ctk.vmdk"


def run(*arguments, cwd=DEMO, **more):
    environment = {**os.environ, "XDG_STATE_HOME": str(scratch / "state"), **more.pop("env", {})}
    return subprocess.run([CBTCTL, *map(str, arguments)], capture_output=True, cwd=cwd, timeout=120, env=environment, stdin=subprocess.DEVNULL, **more)


def status(wanted, *arguments, says="", **more):
    found = run(*arguments, **more)
    expect(f"{arguments} ends with {wanted}", found.returncode == wanted, f"{found.returncode}, {found.stderr}")
    expect(f"{arguments} says '{says}'", says.encode() in found.stderr, found.stderr)
    return found


def on_a_terminal(columns, *arguments, env=None):
    """What the verb prints on a terminal of so many columns."""
    import fcntl
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([CBTCTL, *map(str, arguments)], stdout=slave, stderr=subprocess.DEVNULL, cwd=DEMO, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", **(env or {})})
    os.close(slave)
    text = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    process.wait()
    return text.decode()


def times_of(root):
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            state = os.lstat(path)
            found[path] = (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_mode)
    return found


scratch = scratch_folder("usage")
# Usage errors: nothing on standard output, 16, and the way on.
for arguments in ([], ["nosuchverb"], ["scan"], ["check"], ["show"], ["ctk"], ["ctk", "nosuch"], ["ctk", "show"], ["compare", "one"],
                  ["scan", ".", "--nosuch"], ["scan", ".", "--color", "mauve"], ["check", ".", "--fail-on", "much"], ["check", ".", "--only", "nosuch"],
                  ["explain", "nosuch"], ["ctk", "blocks", CTK], ["ctk", "blocks", CTK, "--since", "yesterday"], ["scan", "app01/app01.vmdk"],
                  ["scan", ".", "--workers", "0"], ["undo", "nosuch"], ["apply"], ["export", "app01/app01.vmdk"]):
    found = status(16, *arguments)
    expect(f"{arguments} prints its complaint on standard error alone", not found.stdout and b"--help" in found.stderr, found)
for verb in (["scan"], ["check"], ["show"], ["ctk", "show"], ["ctk", "blocks"], ["ctk", "map"], ["ctk", "diff"], ["ctk", "verify"], ["chain"], ["extents"], ["export"], ["compare"],
             ["enable"], ["disable"], ["reset"], ["clean"], ["repair"], ["apply"], ["undo"], ["history"], ["purge"], ["explain"]):
    found = status(0, *verb, "--help")
    expect(f"the help of {verb} shows how it is called", b"usage: cbtctl " + " ".join(verb).encode() in found.stdout and b"--json" in found.stdout, found.stdout)
expect("--version names the program", run("--version").stdout.startswith(b"cbtctl "))

# What cannot be looked at is 8, once told, and the rest goes on.
for arguments in (["scan", "/nonexistent"], ["show", "/nonexistent"], ["ctk", "show", "/nonexistent"], ["ctk", "blocks", "/nonexistent", "--since", "1"], ["compare", "/nonexistent", "/nonexistent"]):
    found = status(8, *arguments, says="/nonexistent: is not there")
    expect(f"{arguments} names the file once", found.stderr.count(b"/nonexistent") == 1, found.stderr)
(scratch / "gone").mkdir()
lost = subprocess.run(["bash", "-c", f"cd '{scratch}/gone'; rmdir ../gone; exec '{CBTCTL}' scan '{DEMO}/app01'"], capture_output=True, timeout=60)
expect("a working directory that is gone says nothing about an absolute target", lost.returncode == 0 and b"app01" in lost.stdout, lost)
found = json.loads(run("scan", ".", "/nonexistent", "--json").stdout)
expect("one target of two is missing: the other is told", found["exit_status"] == 8 and found["targets"][1]["error"] and len(found["virtual_machines"]) > 20)
for verb in (["show"], ["ctk", "show"]):
    lost = json.loads(run(*verb, "/nonexistent", "--json").stdout)["files"][0]
    expect(f"{verb} guesses nothing of a file that is not there", lost["size_bytes"] is None and lost.get("kind") is None and lost.get("layout") is None, lost)
link = json.loads(run("scan", "gone", "--json").stdout)["virtual_machines"][0]["disks"][0]["chain"][0]
expect("all of a missing link is unknown", link["unreadable"] == "missing" and all(link[key] is None for key in ("version", "create_type", "cid", "parent_cid", "ctk")), link)
found = run("show", "/nonexistent", "old01/old01.vmdk")
expect("one file of two is missing: the other is shown", found.returncode == 8 and b"old01-ctk.vmdk" in found.stdout, found)

# Selection.
names = lambda *more: [vm["config_path"] for vm in json.loads(run("scan", ".", "--json", *more).stdout)["virtual_machines"]]
expect("--vm takes a glob of names", names("--vm", "app*") == ["app01/app01.vmx"])
expect("--vm takes several", names("--vm", "app*", "--vm", "db0?") == ["app01/app01.vmx", "db01/db01.vmx", "db02/db02.vmx"])
expect("!GLOB excludes", "app01/app01.vmx" not in names("--vm", "!app*") and len(names("--vm", "!app*")) == len(names()) - 1)
expect("--disk narrows to the VMs that have it", names("--disk", "nvme0:0") == ["cbt-v2/cbt-v2.vmx"])
status(0, "scan", ".", "--vm", "nosuch", says="no virtual machine is called 'nosuch'")
listed = scratch / "targets.txt"
listed.write_text(f"# all of it\n\n{DEMO / 'app01'}\n  {DEMO / 'db01'}  # the database\n")
targets = [t["location"] for t in json.loads(run("scan", "--targets-file", listed, "--json").stdout)["targets"]]
expect("comments and blanks are no targets", targets == [str(DEMO / "app01"), str(DEMO / "db01")], targets)
status(16, "scan", "--targets-file", "/nonexistent")

# Terminals, pipes and colours.
wide = max(map(len, run("scan", ".").stdout.decode().splitlines()))
for columns in (100, 80, 60, 40):
    narrow = on_a_terminal(columns, "scan", ".", env={"NO_COLOR": "1"}).split("\n\r\n")[0].split("\r\n\r\n")[0]
    expect(f"a table fits a terminal of {columns} columns", wide > columns and max(map(len, narrow.splitlines())) <= columns, narrow)
expect("a terminal has colour", "\x1b[" in on_a_terminal(100, "scan", "."))
expect("NO_COLOR takes it away", "\x1b[" not in narrow)
expect("a pipe has no colour", b"\x1b[" not in run("scan", ".").stdout)
expect("--color always has it in a pipe too", b"\x1b[" in run("scan", ".", "--color", "always").stdout)
expect("--color never has none on a terminal", "\x1b[" not in on_a_terminal(100, "scan", ".", "--color", "never"))
closed = subprocess.run(["bash", "-c", f"set -o pipefail; '{CBTCTL}' scan '{DEMO}' --json | true; echo ${{PIPESTATUS[0]}}"], capture_output=True, timeout=60)
expect("a closed pipe ends quietly", closed.stderr == b"", closed)

# CSV, header dump, bitmap, map.
rows = list(csv.DictReader(io.StringIO(run("scan", ".", "--csv").stdout.decode())))
disks = sum(len(vm["disks"]) or "unreadable" in vm for vm in json.loads(run("scan", ".", "--json").stdout)["virtual_machines"])
expect("CSV has a row per disk", len(rows) == disks, (len(rows), disks))
blocks = json.loads(run("ctk", "blocks", CTK, "--since", "1", "--json").stdout)
rows = list(csv.DictReader(io.StringIO(run("ctk", "blocks", CTK, "--since", "1", "--csv").stdout.decode())))
expect("blocks tell the same as CSV and JSON", [{k: int(v) for k, v in row.items()} for row in rows] == blocks["extents"], rows)
expect("total_bytes is their sum", blocks["total_bytes"] == sum(e["length_bytes"] for e in blocks["extents"]))
bitmap = scratch / "bitmap"
status(0, "ctk", "blocks", CTK, "--since", "1", "--bitmap", "-o", bitmap)
header = json.loads(run("ctk", "show", CTK, "--json").stdout)["files"][0]
bits = bitmap.read_bytes()
expect("a bitmap has a bit a block", len(bits) == (header["blocks"] + 7) // 8, len(bits))
marked = {block for extent in blocks["extents"] for block in range(extent["offset_bytes"] // header["block_size_bytes"], -(-(extent["offset_bytes"] + extent["length_bytes"]) // header["block_size_bytes"]))}
expect("first block in the least significant bit", {i for i in range(header["blocks"]) if bits[i // 8] >> i % 8 & 1} == marked)
status(16, "ctk", "blocks", CTK, "--since", "1", "--bitmap", "-o", bitmap, says="exists already")
expect("an output that exists is left alone", bitmap.read_bytes() == bits)
uuid = header["uuid"]
expect("a full change id is an epoch of this file", json.loads(run("ctk", "blocks", CTK, "--since", f"{uuid}/1", "--json").stdout)["extents"] == blocks["extents"])
status(8, "ctk", "blocks", CTK, "--since", "ff" + uuid[2:] + "/1", says="another UUID")
everything = json.loads(run("ctk", "blocks", CTK, "--since", "*", "--json").stdout)
expect("'*' is all that was ever written", everything["total_bytes"] == sum(epoch["bytes"] for epoch in header["epochs"]))
dump = run("ctk", "show", CTK, "--header-dump").stdout.decode()
expect("the header dump hides the UUID", uuid.replace("-", " ")[:23] not in dump and "a2 72 19 f6" in dump and len(re.findall(r"^[0-9a-f]+ ", dump, re.M)) == 32, dump)
short = scratch / "short-ctk.vmdk"
short.write_bytes((DEMO / CTK).read_bytes()[:100])
expect("nor does that of a file shorter than its header show it", uuid[:11] not in run("ctk", "show", short, "--header-dump").stdout.decode())
table = run("ctk", "blocks", CTK, "--since", "1").stdout.decode().splitlines()[1:-1]
expect("titles and numbers end in the same columns", {tuple(m.end() for m in re.finditer(r"\S+", row)) for row in table} == {(11, 24, 36)}, table)
copied = scratch / "copied-ctk.vmdk"
copied.write_bytes((head := (DEMO / CTK).read_bytes())[:100] + head[44:60] + head[116:])
expect("nor a second copy of it", "52 de c0" not in run("ctk", "show", copied, "--header-dump").stdout.decode().lower() and
       run("ctk", "show", copied, "--header-dump").stdout.count(b"xx") == 32)
raw = scratch / "raw"
raw.write_bytes(b"what is this?" + bytes(2000))
expect("without a signature the bytes are shown as they are", b"|what is this?" in run("ctk", "show", raw).stdout and b"xx" not in run("ctk", "show", raw).stdout)
expect("and a dump that is sent away hides where a UUID would be", run("ctk", "show", raw, "--header-dump").stdout.count(b"xx") == 16)
with open("/dev/full", "w") as full:
    for form in ([], ["--csv"], ["--json"]):
        blocks = [CBTCTL, "ctk", "blocks", CTK, "--since", "1", *form]
        expect(f"blocks that cannot be written are no success {form}", subprocess.run(blocks, stdout=full, stderr=subprocess.DEVNULL, cwd=DEMO).returncode == 8)
busy = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-P", DEMO / CTK, "-e", "inject=openat,open:error=EBUSY", CBTCTL, "ctk", "show", DEMO / CTK, "--json"], capture_output=True)
expect("a file in use is told and is no failure", busy.returncode == 0 and "in use" in json.loads(busy.stdout)["files"][0]["notes"][0], busy)
(scratch / "link.vmx").symlink_to(DEMO / "app01/app01.vmx")
linked = json.loads(run("scan", scratch / "link.vmx", "--json").stdout)["virtual_machines"]
expect("a link to a configuration asks for that machine", [machine["config_path"] for machine in linked] == ["app01.vmx"], linked)
garbled = bytearray((DEMO / CTK).read_bytes())
garbled[16:36] = bytes(20)
(scratch / "own").mkdir()
for name in ("app01.vmdk", "app01-ctk.vmdk"):
    (scratch / "own" / name).write_bytes(garbled if "ctk" in name else (DEMO / "app01" / name).read_bytes())
inferred = lambda: json.loads(run("ctk", "show", scratch / "own/app01-ctk.vmdk", "--json").stdout)["files"][0]
expect("a header that proves nothing is held against the disk that names the file", inferred()["layout"] == "inferred" and inferred()["block_size_bytes"] == 65536, inferred())
status(8, "ctk", "blocks", scratch / "own/app01-ctk.vmdk", "--since", "1", says="not understood")
(scratch / "own/app01.vmdk").unlink()
expect("and is not recognised without it", inferred()["layout"] == "unrecognised" and inferred()["capacity_bytes"] is None, inferred())
far = json.loads(run("scan", "far", "--map", "/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7/far-data=" + str(DEMO / "far-data"), "--json").stdout)["virtual_machines"][0]["disks"][0]
expect("--map finds what lies elsewhere", far["cbt"]["state"] != "unreadable", far["cbt"])
expect("whose path is whole", Path(far["chain"][0]["descriptor"]).is_absolute() and "target" not in far["chain"][0], far["chain"][0])
beside = json.loads(run("scan", "far", "far-data", "--map", "/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7/far-data=" + str(DEMO / "far-data"), "--json").stdout)["virtual_machines"][0]["disks"][0]
expect("a file of another target tells which", beside["chain"][0]["target"] == 1 and beside["chain"][0]["extents"][0]["target"] == 1 and
       not Path(beside["chain"][0]["descriptor"]).is_absolute(), beside["chain"][0])

# Hostile names, on a copy.
hostile = scratch / "hostile"
shutil.copytree(SOURCE / "fixtures/healthy", hostile / "$(touch pwned)\x1b[31m\n; rm -rf ~")
shutil.copytree(SOURCE / "fixtures/healthy", hostile / "bad\udcff\udcfe")
os.mkfifo(hostile / "pipe.vmx")
with open(hostile / "huge.vmx", "wb") as file:
    file.write(b'config.version = "8"\n')
    file.truncate(1 << 30)
for verb in ("scan", "check"):
    found = run(verb, hostile, "--deep") if verb == "check" else run(verb, hostile)
    expect(f"{verb} of hostile names escapes control bytes", b"\x1b" not in found.stdout + found.stderr, found.stdout)
    document = json.loads(run(verb, hostile, "--json").stdout.decode("utf-8"))
    expect(f"{verb} of hostile names is JSON", document["schema"].startswith("cbtctl."))
paths = {vm["config_path"]: vm for vm in json.loads(run("scan", hostile, "--json").stdout)["virtual_machines"]}
expect("a FIFO by a configuration's name is told", paths["pipe.vmx"]["unreadable"] == "is not a regular file", paths["pipe.vmx"])
expect("a gigabyte of text by a configuration's name is told", "longer than" in paths["huge.vmx"]["unreadable"], paths["huge.vmx"])
base64_of = lambda vm: base64.b64decode(vm["path_base64"])
expect("a path that is no UTF-8 is exact in path_base64", any("path_base64" in vm and base64_of(vm).startswith(b"bad\xff\xfe/") for vm in paths.values()), list(paths))
expect("messages escape the control characters beyond ASCII too", "\x9b".encode() not in run("show", "no\x9bsuch").stderr)
expect("nothing was executed", not (hostile / "pwned").exists() and not Path("pwned").exists())
peak = subprocess.run(["/usr/bin/python3", "-c", "import resource,subprocess,sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)", CBTCTL, "scan", str(hostile)], capture_output=True)
if "AddressSanitizer" not in subprocess.run(["nm", "-D", CBTCTL], capture_output=True, text=True).stdout and b"__asan_init" not in Path(CBTCTL).read_bytes():
    expect("memory is bounded, whatever a file's size", int(peak.stdout) < 64 * 1024, peak.stdout)

# What a shell makes of datastore/* may be more targets than a process may have files open at first.
many = [scratch / "many" / str(number) for number in range(150)]
for folder in many:
    folder.mkdir(parents=True)
status(0, "scan", *many, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
full = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", many[0], "-e", "inject=openat:error=EMFILE:when=2", CBTCTL, "scan", many[0], many[1]]
found = subprocess.run([str(word) for word in full], capture_output=True, text=True)
expect("a target that cannot be listed is told by its name", f"{many[0]}: Too many open files" in found.stderr and f"not read: {many[0]}: Too" in found.stdout, found)
expect("a target that cannot be listed makes the scan incomplete", found.returncode == 8, found)

# Where the system has no more threads, one does the work.
large = scratch / "large-ctk.vmdk"
blocks = 1 << 22
with open(large, "wb") as file:
    file.write(struct.pack("<4IQQIII16s", 0xF61972A2, 1, 0, 512, blocks * 128, blocks, 128, 3, 0, b"R" * 16).ljust(512, b"\0"))
    file.write(struct.pack("<9I", *range(1, 4), *range(1, 4), *range(1, 4)))
    file.truncate(512 + 4 * blocks)
images = [scratch / "old.img", scratch / "new.img"]
for image in images:
    image.write_bytes(b"d" * (32 << 20))
    os.truncate(image, blocks << 16)
alone = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=clone,clone3:error=EAGAIN", CBTCTL]
for arguments in (["ctk", "show", large], ["ctk", "blocks", large, "--since", "1"], ["scan", DEMO], ["ctk", "verify", "--images", *images, large, "--since", "0"]):
    found = subprocess.run([str(word) for word in [*alone, *arguments]], capture_output=True, cwd=DEMO, timeout=120)
    expect(f"{arguments} says the same without threads", found.stdout == run(*arguments).stdout and found.stdout, found)

# Reading changes nothing: no byte, no mtime, no ctime, no new file.
before = times_of(DEMO)
first = "app01/app01.vmdk"
for arguments in (["scan", "."], ["check", ".", "--deep"], ["check", ".", "--format", "nagios"], ["show", "app01/app01.vmx", "app01/app01.vmsd", first, CTK], ["ctk", "show", CTK], ["ctk", "blocks", CTK, "--since", "*"],
                  ["ctk", "map", CTK], ["ctk", "diff", CTK, CTK], ["chain", first], ["extents", first], ["reset", ".", "--dry-run"], ["clean", ".", "--dry-run"], ["repair", ".", "--dry-run"], ["history"]):
    for form in ([], ["--json"]):
        run(*arguments, *form)
after = times_of(DEMO)
expect("reading verbs leave every file, mtime and ctime alone", before == after, {path for path in before | after if before.get(path) != after.get(path)})

finish(at_least=180)
