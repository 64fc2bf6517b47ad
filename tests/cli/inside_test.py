#!/usr/bin/python3
"""Inside disks, end to end: trees, maps, damage that harms nothing beside it, exports, and proof that a CTK file is wrong.

usage: inside_test.py CBTCTL SOURCE_DIR
"""
import hashlib
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
MIB = 1 << 20


def run(wanted, *arguments, says="", before=()):
    found = subprocess.run([*before, CBTCTL, *map(str, arguments)], capture_output=True, text=True, cwd=DEMO, timeout=120, stdin=subprocess.DEVNULL)
    expect(f"{arguments} ends with {wanted}", found.returncode == wanted, f"{found.returncode}, {found.stdout}, {found.stderr}")
    expect(f"{arguments} says '{says}'", says in found.stdout + found.stderr, found.stdout + found.stderr)
    return found.stdout


def document(wanted, *arguments):
    text = run(wanted, *arguments, "--json")
    return json.loads(text) if text else {}


def patch(path, offset, content):
    with open(DEMO / path, "r+b") as file:
        file.seek(offset)
        file.write(content)


def replace(path, old, new):
    text = (DEMO / path).read_bytes()
    expect(f"{path} holds {old}", old.encode() in text)
    (DEMO / path).write_bytes(text.replace(old.encode(), new.encode()))


def restore(folder):
    """The folder of the demo as it was."""
    shutil.rmtree(DEMO / folder)
    subprocess.run(["cp", "-a", "--sparse=always", PRISTINE / folder, DEMO / folder], check=True)


def content(path, offset, length):
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(length)


def set_entry(path, block, epoch):
    patch(path, 512 + 4 * block, struct.pack("<I", epoch))


DELTA, CTK = "db01/db01-000001.vmdk", "db01/db01-000001-ctk.vmdk"


def test_chain():
    (disk,) = document(0, "chain", "db01/db01.vmx")["disks"]
    top, base = disk["links"]
    expect("a link has its allocated bytes", top["allocated_bytes"] == 72 * 512 and base["allocated_bytes"] == 8 * 65536 + 4096, (top, base))
    expect("a link has its CTK state", (top["ctk"]["epoch"], base["ctk"]["epoch"], top["ctk"]["valid"]) == (4, 3, True), top["ctk"])
    expect("a frozen link has its snapshot", base["snapshot"] == {"name": "before the upgrade", "created": "2022-12-01T10:37:39Z"} and top["snapshot"] is None)
    expect("the CIDs match", top["matches_parent"] and top["parent_cid"] == base["cid"] == "1b77e0d4")
    run(0, "chain", "db01/db01.vmx", says="└ db01.vmdk")
    replace(DELTA, "parentCID=1b77e0d4", "parentCID=deadbeef")
    run(0, "chain", DELTA, says="deadbeef is not 1b77e0d4")
    expect("a mismatch is told", document(0, "chain", DELTA)["disks"][0]["links"][0]["matches_parent"] is False)
    os.truncate(DEMO / CTK, 3000)
    run(0, "chain", DELTA, says="db01-000001-ctk.vmdk does not fit")
    os.unlink(DEMO / CTK)
    run(0, "chain", DELTA, says="db01-000001-ctk.vmdk is missing")
    os.unlink(DEMO / "db01/db01.vmdk")
    run(0, "chain", DELTA, says="names db01.vmdk, which is not there")
    (disk,) = document(0, "extents", DELTA)["disks"]
    expect("without its parent a delta still shows what it holds", disk["data_bytes"] == 72 * 512 and disk["unreadable_bytes"] == (1 << 30) - 72 * 512, disk)
    run(8, "chain", "db01/nothing.vmdk", says="is not there")
    restore("db01")
    replace("db01/db01.vmdk", "parentCID=ffffffff", 'parentCID=9f2c11aa\nparentFileNameHint="db01-000001.vmdk"')
    run(0, "chain", DELTA, says="comes back to itself")
    for hint in ("./db01-000001.vmdk", "../db01/db01-000001.vmdk"):
        replace(DELTA, 'parentFileNameHint="db01.vmdk"', f'parentFileNameHint="{hint}"')
        expect("a loop is met under any name", len(document(0, "chain", DELTA)["disks"][0]["links"]) == 1)
        restore("db01")
    replace(DELTA, 'parentFileNameHint="db01.vmdk"', "")
    run(0, "chain", DELTA, says="parentCID is 1b77e0d4, and no parentFileNameHint says which file that is")
    (disk,) = document(0, "extents", DELTA)["disks"]
    expect("what is left to a parent that is not named is not zeros", disk["data_bytes"] == 72 * 512 and disk["zero_bytes"] == 0, disk)
    run(8, "export", DELTA, "none.raw", says="no parentFileNameHint")
    restore("db01")
    expect("a folder stands for the machines in it", document(0, "chain", "db01")["disks"] == document(0, "chain", "db01/db01.vmx")["disks"])
    ctk = document(0, "chain", "db01")["disks"][0]["links"][0]["ctk"]
    expect("a CTK file is told as scan tells it", (ctk["layout"], ctk["block_size_bytes"], ctk["blocks"]) == ("confirmed", 65536, 16384), ctk)
    (disk,) = document(0, "chain", "clone/clone.vmx")["disks"]
    expect("a clone's parent is found by its tail", disk["links"][1]["descriptor"].endswith("golden/golden.vmdk"), disk)
    (DEMO / "clone/clone.vmsd").write_text('snapshot.numSnapshots = "1"\nsnapshot0.displayName = "mine"\nsnapshot0.numDisks = "1"\nsnapshot0.disk0.fileName = "clone-000001.vmdk"\n')
    expect("a clone has its own snapshots", document(0, "chain", "clone/clone-000001.vmdk")["disks"][0]["links"][0]["snapshot"] == {"name": "mine", "created": None})
    replace("clone/clone-000001.vmdk", "/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7/golden", "/elsewhere/images")
    run(0, "chain", "clone/clone-000001.vmdk", says="is not there")
    run(0, "chain", "clone/clone-000001.vmdk", "--map", f"/elsewhere/images={DEMO}/golden", says="└ golden.vmdk")
    replace("clone/clone-000001.vmdk", "/elsewhere/images/golden.vmdk", "../../../../../../../../../../etc/passwd")
    run(0, "chain", "clone/clone-000001.vmdk", says="lies outside")
    restore("clone")


def test_damage():
    """Each told with its place; what is beside it stays readable; nothing wrong is exported."""
    whole = document(0, "extents", DELTA)["disks"][0]["extents"]
    out = DEMO / "out.raw"

    def refused(path, says):
        run(8, "export", path, out, says=says)
        expect(f"nothing is left of a refused export ({says})", not out.exists() and not Path(f"{out}.partial").exists())

    # COWD: grain 100 is entry 100 of table 0; grain 8192 is in table 2. The directory is at sector 4.
    extent = "db01/db01-000001-delta.vmdk"
    patch(extent, 4 * 512 + 2 * 4, struct.pack("<I", 0x7FFFFFFF))
    (link, _) = document(0, "chain", DELTA)["disks"][0]["links"]
    expect("a table past the end is a defect with its offset", [(d["field"], d["offset_bytes"]) for d in link["defects"]] == [("grain_directory_entry", 2056)], link["defects"])
    extents = document(0, "extents", DELTA)["disks"][0]["extents"]
    bad = [e for e in extents if e["state"] == "unreadable"]
    expect("its 2 MiB are unreadable and nothing else", [(e["offset_bytes"], e["length_bytes"]) for e in bad] == [(4 * MIB, 2 * MIB)], bad)
    expect("what is before it is as it was", extents[:4] == whole[:4], extents)
    refused(DELTA, "points past the end of the file")
    restore("db01")
    table = struct.unpack("<I", content(DEMO / extent, 4 * 512, 4))[0] * 512
    shared = content(DEMO / extent, table + 100 * 4, 4)
    patch(extent, table + 101 * 4, shared)
    (link, _) = document(0, "chain", DELTA)["disks"][0]["links"]
    expect("a shared grain is a defect with its offset", [(d["field"], d["offset_bytes"]) for d in link["defects"]] == [("grain_table_entry", table + 101 * 4)], link["defects"])
    restore("db01")
    os.truncate(DEMO / extent, os.path.getsize(DEMO / extent) - 3 * 512)
    link = document(0, "chain", DELTA)["disks"][0]["links"][0]
    expect("a short file loses the grains that are cut off", link["unreadable_bytes"] == 3 * 512 and len(link["defects"]) == 3, link)
    restore("db01")
    os.truncate(DEMO / "db01/db01-flat.vmdk", 512 * MIB)
    extents = document(0, "extents", "db01/db01.vmdk")["disks"][0]
    expect("a short flat file is unreadable behind its end", extents["unreadable_bytes"] == 512 * MIB and extents["extents"][-1]["state"] == "unreadable", extents)
    run(0, "chain", "db01/db01.vmdk", says="the file ends at byte 536870912")
    restore("db01")

    # seSparse: a journal to replay; a directory entry and a table entry of unknown kind.
    extent, delta = "db02/db02-000002-sesparse.vmdk", "db02/db02-000002.vmdk"
    patch(extent, 512 + 24, struct.pack("<Q", 1))
    run(8, "chain", delta, says="its journal must be replayed")
    refused(delta, "its journal must be replayed")
    restore("db02")
    patch(extent, 512, struct.pack("<Q", 0xCAFEBABE))
    refused(delta, "it cannot be told whether its journal must be replayed")
    restore("db02")
    patch(extent, 8, struct.pack("<Q", 0x200000002))
    refused(delta, "seSparse of version 2.2 is not known")
    restore("db02")
    directory = struct.unpack("<Q", content(DEMO / extent, 128, 8))[0] * 512
    patch(extent, directory, struct.pack("<Q", 0x2000000000000000))
    run(0, "chain", delta, says=f"grain_directory_entry at byte {directory}")
    refused(delta, "is of no known kind")
    restore("db02")
    tables = struct.unpack("<Q", content(DEMO / extent, 144, 8))[0] * 512
    patch(extent, tables + 9 * 8, struct.pack("<Q", 0x7000000000000000))
    bad = [e for e in document(0, "extents", delta)["disks"][0]["extents"] if e["state"] == "unreadable"]
    expect("an entry of no known kind is one grain", [(e["offset_bytes"], e["length_bytes"]) for e in bad] == [(9 * 4096, 4096)], bad)
    restore("db02")

    # A stream: data that does not unpack, a marker of another grain, a footer that is cut off.
    stream = "hosted/hosted_2.vmdk"
    grain = 128 * 512
    run(0, "export", stream, DEMO / "good.raw")
    patch(stream, grain + 20, b"\xff" * 16)
    run(0, "chain", stream)
    refused(stream, "does not unpack")
    restore("hosted")
    patch(stream, grain, struct.pack("<Q", 256))
    run(0, "chain", stream, says=f"grain_marker at byte {grain}")
    refused(stream, "says that it is sector 256, expected 0")
    restore("hosted")
    os.truncate(DEMO / stream, os.path.getsize(DEMO / stream) - 1024)
    run(0, "chain", stream, says="has no footer")
    refused(stream, "has no footer")
    restore("hosted")
    patch("hosted/hosted.vmdk", 73, b"\n \n\n")
    refused("hosted/hosted.vmdk", "transfer in text mode")
    restore("hosted")

    # What must not be read at all.
    patch("db01/db01-000001-delta.vmdk", 4, struct.pack("<I", 2))
    refused(DELTA, "COWD of version 2 is not known")
    restore("db01")
    for old, new, says in (("CID=1b77e0d4", 'CID=1b77e0d4\nencryptionKeys="vmware:key/list/(pair/(fqid/x))"', "is encrypted"),
                           ("version=1", "version=2", "is encrypted"),
                           ('isNativeSnapshot="no"', 'isNativeSnapshot="yes"', "is a native snapshot")):
        replace("golden/golden.vmdk", old, new)
        run(0 if "encrypted" in says else 8, "chain", "golden/golden.vmdk", says=says)
        refused("golden/golden.vmdk", says)
        restore("golden")
    run(8, "chain", "misfit/misfit-vsan.vmdk", says="an extent of type VSANSPARSE cannot be read")
    refused("misfit/misfit-vsan.vmdk", "an extent of type VSANSPARSE cannot be read")


def test_export():
    out, partial = DEMO / "out.raw", DEMO / "out.raw.partial"
    report = document(0, "export", DELTA, out, "--sha256")
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    expect("the image's SHA-256 is right", report["image_sha256"] == digest, report)
    expected = hashlib.sha256()
    for extent in joined_data(DELTA):
        expected.update(f"{extent[0]} {extent[1]}\n".encode() + content(out, *extent))
    expect("the SHA-256 of the data extents is right", report["data_sha256"] == expected.hexdigest(), report)
    expect("the image is sparse", os.stat(out).st_blocks * 512 < 4 * MIB and out.stat().st_size == 1 << 30)
    expect("nothing but the image is made", not partial.exists())
    before = (out.read_bytes()[:65536], out.stat().st_mtime_ns)
    run(16, "export", DELTA, out, says="is not overwritten")
    expect("an existing file is left alone", (out.read_bytes()[:65536], out.stat().st_mtime_ns) == before)
    run(0, "export", DELTA, DEMO / "earlier.raw", "--link", 1)
    flat = DEMO / "db01/db01-flat.vmdk"
    expect("--link 1 is the snapshot", all(content(DEMO / "earlier.raw", at, MIB) == content(flat, at, MIB) for at in (0, 4 * MIB, 1023 * MIB)))
    run(16, "export", DELTA, DEMO / "none.raw", "--link", 2, says="--link takes a number below 2")
    run(16, "export", "db01/db01.vmx", DEMO / "none.raw", "--disk", "scsi0:9", says="has 0 disks")
    run(16, "export", DELTA, DEMO / "none.raw", "--sha256", "--no-hash")
    run(8, "export", DELTA, "/proc/none.raw")
    expect("without hashes there are none", document(0, "export", "db01/db01.vmx", DEMO / "plain.raw", "--no-hash")["data_sha256"] is None)

    replace(DELTA, "parentCID=1b77e0d4", "parentCID=deadbeef")
    mixed = subprocess.run([CBTCTL, "export", DELTA, "mixed.raw"], capture_output=True, text=True, cwd=DEMO)
    expect("a parent that changed since is told", "parentCID is deadbeef, its parent db01/db01.vmdk has CID 1b77e0d4: the image may mix" in mixed.stderr, mixed)
    restore("db01")

    # Interrupted by Ctrl-C, by the loss of the process, by a full disk; gone on with. The third write of a thread is one of data: the
    # other thread writes the record at the beginning and at the end.
    def interrupted(wanted, how, says):
        out.unlink(missing_ok=True)
        run(wanted, "export", DELTA, out, says=says, before=("strace", "-f", "-o", "/dev/null", "-e", f"inject=pwrite64:{how}:when=3"))
        expect(f"{how}: what is done stays, under another name", partial.exists() and not out.exists())
        run(16, "export", DELTA, out, says="--resume goes on with it")
        resumed = document(0, "export", DELTA, out, "--resume", "--sha256")
        expect(f"{how}: the rest follows", resumed["image_sha256"] == digest and resumed["data_sha256"] == report["data_sha256"], resumed)
        expect(f"{how}: the image alone is left", hashlib.sha256(out.read_bytes()).hexdigest() == digest and not partial.exists())
        return resumed["resumed_bytes"]

    resumed = interrupted(32, "signal=SIGINT", "--resume goes on")
    expect("an interrupted export goes on where it was", resumed > 0, resumed)
    interrupted(-9, "signal=SIGKILL", "")
    interrupted(8, "error=ENOSPC", "No space left")
    out.unlink()
    subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "inject=pwrite64:signal=SIGINT:when=3", CBTCTL, "export", DELTA, out], cwd=DEMO, capture_output=True)
    os.utime(DEMO / "db01/db01-flat.vmdk", (1, 1))
    run(16, "export", DELTA, out, "--resume", says="was made of something else")
    expect("what does not go on is left alone", partial.exists())
    restore("db01")
    partial.unlink()
    run(0, "export", DELTA, out, "--resume")

    # A progress bar in a terminal, and nowhere else.
    for quiet in ([], ["--quiet"]):
        master, slave = pty.openpty()
        (DEMO / "bar.raw").unlink(missing_ok=True)
        process = subprocess.Popen([CBTCTL, "export", DELTA, DEMO / "bar.raw", *quiet], stdout=subprocess.DEVNULL, stderr=slave, cwd=DEMO)
        process.wait(timeout=60)
        os.close(slave)
        try:
            shown = os.read(master, 65536)
        except OSError:
            shown = b""
        expect(f"a bar in a terminal ({quiet})", (b"] " in shown and b" % " in shown) == (not quiet), shown)
        os.close(master)


def joined_data(path):
    """Ranges of data, whichever link holds them."""
    ranges = []
    for extent in document(0, "extents", path)["disks"][0]["extents"]:
        if extent["state"] != "data":
            continue
        if ranges and sum(ranges[-1]) == extent["offset_bytes"]:
            ranges[-1][1] += extent["length_bytes"]
        else:
            ranges.append([extent["offset_bytes"], extent["length_bytes"]])
    return ranges


def test_extents():
    rows = run(0, "extents", DELTA, "--csv").splitlines()
    extents = document(0, "extents", DELTA)["disks"][0]["extents"]
    expect("CSV and JSON tell the same", [r.split(",")[1:5] for r in rows[1:]] == [[str(e["offset_bytes"]), str(e["length_bytes"]), e["state"], str(e["link"])] for e in extents], rows)
    table = run(0, "extents", DELTA).splitlines()
    expect("the table tells the same", [line.split()[:4] for line in table[2:-1]] == [r.split(",")[1:5] for r in rows[1:]], table)
    expect("the totals end it", "data 546816 (534 KiB)" in table[-1], table[-1])
    two = document(0, "extents", "app01/app01.vmx")["disks"]
    expect("a VM has a map per disk", [d["slot"] for d in two] == ["scsi0:0", "scsi0:1"], two)
    one = document(0, "extents", "app01/app01.vmx", "--disk", "scsi0:1")["disks"]
    expect("--disk chooses", [d["slot"] for d in one] == ["scsi0:1"], one)


def verdict(wanted, *arguments):
    return document(wanted, "ctk", "verify", *arguments)


def test_verify():
    clean = verdict(0, "--delta", DELTA, CTK)
    expect("the demo's delta is marked", clean["verdict"] == "no write is missed" and clean["compared_bytes"] == 72 * 512 and clean["since"] == 3, clean)
    images = ("--images", "db01/db01.vmdk", DELTA, CTK)
    clean = verdict(0, *images, "--since", 3)
    expect("the demo's images are marked", clean["differing_bytes"] == clean["marked_bytes"] == 3 * 65536 and clean["compared_bytes"] == 1 << 30, clean)
    run(0, "export", DELTA, DEMO / "new.raw")
    run(0, "export", DELTA, DEMO / "old.raw", "--link", 1)
    raw = ("--images", "old.raw", "new.raw", CTK)
    expect("raw files are the same", {**verdict(0, *raw, "--since", 3), "against": 0} == {**clean, "against": 0})

    # One entry of the CTK file is damaged: a delta makes it suspect, images prove it.
    set_entry(CTK, 64, 1)
    suspect = verdict(4, "--delta", DELTA, CTK)
    expect("a delta makes it suspect", suspect["verdict"] == "suspect" and [(m["offset_bytes"], m["length_bytes"]) for m in suspect["missed"]] == [(4 * MIB, 4096)], suspect)
    run(4, "ctk", "verify", "--delta", DELTA, CTK, says="a grain table does not say when it was written")
    change_id = document(0, "ctk", "show", CTK)["files"][0]["change_id"].rsplit("/")[0] + "/3"
    for files in (images, raw):
        for since in ("3", change_id):
            proof = verdict(4, *files, "--since", since)
            (missed,) = proof["missed"]
            expect("images prove it", proof["verdict"] == "proof" and (missed["offset_bytes"], missed["length_bytes"]) == (4 * MIB, 65536), proof)
            for side, name in (("sha256_before", "old.raw"), ("sha256_after", "new.raw")):
                expect(f"{side} is that of the range", missed[side] == hashlib.sha256(content(DEMO / name, 4 * MIB, 65536)).hexdigest(), missed)
    run(4, "ctk", "verify", *images, "--since", 3, says="PROOF")
    restore("db01")

    # More marked than differs is harmless.
    for block in (70, 71, 16383):
        set_entry(CTK, block, 4)
    more = verdict(0, *images, "--since", 3)
    expect("over-reporting is counted", more["over_reported_bytes"] == 3 * 65536 and more["verdict"] == "no write is missed", more)
    everything = verdict(0, *images, "--since", "*")
    expect("since '*' everything written is marked", everything["marked_bytes"] > more["marked_bytes"], everything)
    restore("db01")

    # What cannot be said.
    replace("db01/db01.vmdk", 'changeTrackPath="db01-ctk.vmdk"', "")
    run(8, "ctk", "verify", "--delta", DELTA, CTK, says="names no CTK file, so it cannot be said since when")
    restore("db01")
    patch("db01/db01-ctk.vmdk", 50, b"other")
    run(8, "ctk", "verify", "--delta", DELTA, CTK, says="tracking was restarted in between")
    restore("db01")
    run(8, "ctk", "verify", "--delta", "db01/db01.vmdk", "db01/db01-ctk.vmdk", says="has no parent")
    run(8, "ctk", "verify", "--delta", DELTA, "app01/app01_1-ctk.vmdk", says="have different UUIDs")
    run(8, "ctk", "verify", "--delta", DELTA, "db01/db01-ctk.vmdk", says="is the CTK file of the parent")
    run(8, "ctk", "verify", "--images", "db01/db01-000001-delta.vmdk", DELTA, CTK, "--since", 3, says="is no image but cowd")
    run(8, "ctk", "verify", *images[:3], "app01/app01-ctk.vmdk", "--since", 3, says="covers 42949672960")
    run(8, "ctk", "verify", *images, "--since", "00 " * 7 + "00-" + "00 " * 7 + "00/3", says="another UUID")
    run(8, "ctk", "verify", *images[:3], "cbt-v2/cbt-v2-ctk.vmdk", "--since", 3)
    run(16, "ctk", "verify", *images, says="needs --since")
    run(16, "ctk", "verify", CTK, says="needs either")

    # What a running VM's files say proves nothing.
    (DEMO / "db01/db01.vmx.lck").touch()
    for arguments in (("--delta", DELTA, CTK), (*images, "--since", 3)):
        run(8, "ctk", "verify", *arguments, says="may run; its files prove nothing")
        run(0, "ctk", "verify", *arguments, "--even-if-running", says="no write is missed")
    restore("db01")
    replace("db01/db01.vmx", 'cleanShutdown = "TRUE"', 'cleanShutdown = "FALSE"')
    run(8, "ctk", "verify", *images, "--since", 3, says="db01.vmx (cleanShutdown is FALSE) beside it says that the VM may run")
    restore("db01")

    # A part that cannot be read is not compared, and the rest is.
    patch("db01/db01-000001-delta.vmdk", 4 * 512 + 4, struct.pack("<I", 0x7FFFFFFF))
    partly = verdict(8, "--delta", DELTA, CTK)
    expect("a damaged table is not compared", partly["not_compared"] == [{"offset_bytes": 2 * MIB, "length_bytes": 2 * MIB}] and partly["compared_bytes"] == 72 * 512, partly)
    expect("and says why", "points past the end" in partly["why_not_compared"] and partly["verdict"] == "incomplete", partly)
    set_entry(CTK, 64, 1)
    partly = verdict(12, *images, "--since", 3)
    expect("what could be compared is proof", partly["verdict"] == "proof" and partly["not_compared_bytes"] == 2 * MIB, partly)
    run(12, "ctk", "verify", *images, "--since", 3, says="not compared: 2097152 bytes (2 MiB)")
    restore("db01")


def test_diff():
    frozen = "db01/db01-ctk.vmdk"
    run(0, "ctk", "diff", CTK, CTK)
    changed = document(4, "ctk", "diff", frozen, CTK)
    expect("changed entries are counted", changed["changed_blocks"] == 3 and changed["epochs"] == [{"epoch": 4, "blocks": 3, "bytes": 3 * 65536}], changed)
    expect("no rate without times that differ", changed["bytes_per_day"] is None, changed)
    os.utime(DEMO / CTK, (1714521600 + 43200, 1714521600 + 43200))
    expect("a rate by the files' times", document(4, "ctk", "diff", frozen, CTK)["bytes_per_day"] == 6 * 65536)
    back = document(4, "ctk", "diff", CTK, frozen)
    expect("backwards is told", back["went_backwards"] and not back["restarted"] and back["older_blocks"] == 3, back)
    patch(CTK, 50, b"other")
    other = document(4, "ctk", "diff", frozen, CTK)
    expect("a restart is told", other["restarted"] and not other["went_backwards"], other)
    run(4, "ctk", "diff", frozen, "app01/app01-ctk.vmdk", says="of other sizes")
    other = document(4, "ctk", "diff", frozen, "app01/app01-ctk.vmdk")
    expect("of other sizes nothing is counted", other["resized"] and other["changed_blocks"] is None and other["bytes_per_day"] is None, other)
    restore("db01")


def partition_entry(kind, first, sectors):
    return struct.pack("<4xB3xII", kind, first, sectors)


def test_map():
    ctk = "db01/db01-ctk.vmdk"
    plain = document(0, "ctk", "map", ctk)
    expect("cells are whole blocks and cover the disk", plain["cell_bytes"] == 8 * 65536 and len(plain["cells"]) == 2048 and plain["columns"] == 64, plain)
    expect("the newest entry of a cell is shown", max(plain["cells"]) == plain["epochs"][-1]["epoch"] == 3, plain["epochs"])
    expect("what was written and what not is all", sum(e["bytes"] for e in plain["epochs"]) + plain["never_written_bytes"] == plain["capacity_bytes"] == 1 << 30, plain)
    expect("without a partition table there are none", plain["partitions"] == [] and plain["disk"] is None and plain["since"] is None, plain)
    patch("db01/db01-flat.vmdk", 446, partition_entry(0x83, 2048, 1 << 20) + partition_entry(0x82, (1 << 20) + 2048, 4096) + bytes(32) + b"\x55\xaa")
    flat, kept = document(0, "show", "db01/db01-flat.vmdk")["files"][0], os.stat(DEMO / "db01/db01-flat.vmdk")
    expect("a flat extent: its size, what is kept of it, its first sector", (flat["size_bytes"], flat["allocated_bytes"], flat["first_sector"]) == (1 << 30, kept.st_blocks * 512, "MBR"), flat)
    (table,) = [document(0, "ctk", "map", ctk, "--since", "2")]
    expect("partitions of the disk that names the file", table["disk"] == "db01/db01.vmdk" and [(p["offset_bytes"], p["length_bytes"], p["label"]) for p in table["partitions"]] == [(MIB, 512 * MIB, "Linux"), (513 * MIB, 2 * MIB, "Linux swap")], table["partitions"])
    expect("a snapshot's file has the disk as it is through the snapshot", len(document(0, "ctk", "map", CTK)["partitions"]) == 2)
    expect("since is told", table["since"] == 2)
    shown = run(0, "ctk", "map", ctk, "--since", 2, before=("env", "LC_ALL=C"))
    expect("plain ASCII where the locale has no more", shown.isascii() and ", since 2" in shown and "partitions of db01/db01.vmdk" in shown, shown)
    shown = run(0, "ctk", "map", ctk, before=("env", "LC_ALL=C.UTF-8"))
    expect("Unicode where it has", "█" in shown and run(0, "ctk", "map", ctk, "--ascii", before=("env", "LC_ALL=C.UTF-8")).isascii(), shown)
    for name in ("map.svg", "map.png"):
        run(0, "ctk", "map", ctk, "--since", 2, "-o", name)
        before = (DEMO / name).read_bytes()
        run(16, "ctk", "map", ctk, "-o", name, says="exists")
        expect(f"{name} is not overwritten", (DEMO / name).read_bytes() == before)
    svg = xml.etree.ElementTree.parse(DEMO / "map.svg").getroot()
    words = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    expect("the SVG says what it shows", svg.get("width") == "800" and {"1 Linux", "2 Linux swap", "never written", "epoch 3: since 2"} <= set(words), words)
    expect("the PNG is 800 wide", struct.unpack(">I", content(DEMO / "map.png", 16, 4)) == (800,))
    run(16, "ctk", "map", ctk, "-o", "map.jpg", says="ends in .svg or .png")
    run(8, "ctk", "map", ctk, "--since", "00 " * 7 + "00-" + "00 " * 7 + "00/3", says="another UUID")
    run(8, "ctk", "map", "db01/nothing-ctk.vmdk")
    run(8, "ctk", "map", "db01/db01.vmdk", says="db01.vmdk")
    restore("db01")


with tempfile.TemporaryDirectory() as folder:
    PRISTINE, DEMO = Path(folder) / "pristine/demo", Path(folder) / "work/demo"
    for place in (PRISTINE, DEMO):
        place.parent.mkdir()
        subprocess.run([SOURCE / "tools/make_fixtures", "--into", place.parent, "demo"], check=True)
    for test in (test_chain, test_extents, test_damage, test_export, test_verify, test_diff, test_map):
        test()

finish(at_least=377)
