#!/usr/bin/python3
"""No writing verb ever makes a disk tracked, whatever stood in the files and whatever choices are named, one verb after
another: a CTK file that missed writes would be believed. Random datastores; the same seed makes the same.

usage: revival_test.py CBTCTL SOURCE_DIR [DATASTORES [SEED]]
"""
import json
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

sys.path.append(f"{sys.argv[2]}/tests/support")
from folders import scratch_folder  # noqa: E402

CBTCTL = str(Path(sys.argv[1]).resolve())
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 60
SEED = sys.argv[4] if len(sys.argv) > 4 else "1"
WORK = scratch_folder("revival")
SECTORS = 2048
CHOICES = ["cbt-disk-key-missing=enable", "cbt-disk-key-missing=disable", "cbt-vm-key-missing=enable", "cbt-vm-key-missing=disable",
           "cbt-key-misspelt=rename", "cbt-key-misspelt=remove", "cbt-key-malformed=true", "cbt-key-malformed=false", "cbt-key-malformed=remove",
           "vmx-duplicate-key=keep-first", "vmx-duplicate-key=keep-last", "chain-cid-mismatch=adopt-parent-cid", "ctk-covers-less=restart",
           "ctk-unrecognised=restart", "ctk-size-mismatch=restart", "descriptor-version-mismatch=restart"]


def tracking(chance):
    covers = chance.choice((SECTORS, SECTORS, SECTORS, SECTORS // 2))
    if chance.random() < 0.1:
        return chance.choice((b"", b"no CTK file at all", b"\0" * 576))
    header = struct.pack("<4IQQII", 0xF61972A2, 1, 0, 512, covers, -(-covers // 128), 128, 4).ljust(44, b"\0") + chance.randbytes(16)
    return header.ljust(512, b"\0") + struct.pack("<I", 4) * -(-covers // 128)


def key_lines(key, chance):
    """None, one or two lines, in every spelling that people use."""
    values = [*['"TRUE"'] * 9, '"FALSE"', '"true"', "\N{LEFT DOUBLE QUOTATION MARK}TRUE\N{RIGHT DOUBLE QUOTATION MARK}", '"yes"', '""']
    names = [*[key] * 9, key.lower(), key.replace("ctkEnabled", "CTKENABLED"), key.replace("ctkEnabled", "ctkEnable")]
    return [f"{chance.choice(names)} = {chance.choice(values)}" for _ in range(chance.choice((0, *[1] * 9, 2)))]


def make_machine(folder, name, chance):
    folder.mkdir(parents=True)
    vmx = ['config.version = "8"', 'virtualHW.version = "13"', 'cleanShutdown = "TRUE"', f'displayName = "{name}"', *key_lines("ctkEnabled", chance)]
    if chance.random() < 0.15:
        vmx += [f"ctkDisallowed = {chance.choice(('TRUE', 'FALSE', 'maybe'))}"]
    for disk in range(chance.choice((1, 2, 3))):
        base, slot = name if disk == 0 else f"{name}_{disk}", f"scsi0:{disk}"
        vmx += [f'{slot}.present = "TRUE"', f'{slot}.fileName = "{base}.vmdk"', *key_lines(f"{slot}.ctkEnabled", chance)]
        if chance.random() < 0.1:
            vmx.append(f'{slot}.fileName = "{name}.vmdk"')
        if chance.random() < 0.1:
            vmx.append(f'{slot}.mode = "independent-persistent"')
        named = chance.random() < 0.75
        text = f"# Disk DescriptorFile\nversion={chance.choice((3, 3, 3, 1, 2)) if named else chance.choice((1, 1, 1, 3))}\n"
        text += f'CID=1b77e0d4\nparentCID=ffffffff\ncreateType="vmfs"\n\nRW {SECTORS} VMFS "{base}-flat.vmdk"\n\n'
        if named:
            text += f'# Change Tracking File\nchangeTrackPath="{chance.choice((base, base, base, base, name))}-ctk.vmdk"\n\n'
        (folder / f"{base}.vmdk").write_text(text + "#DDB\n")
        (folder / f"{base}-flat.vmdk").touch()
        os.truncate(folder / f"{base}-flat.vmdk", SECTORS * 512)
        if chance.random() < 0.85:
            (folder / f"{base}-ctk.vmdk").write_bytes(tracking(chance))
    chance.shuffle(vmx)
    (folder / f"{name}.vmx").write_text("\n".join(vmx) + "\n")


def run(*words):
    environment = {**os.environ, "XDG_STATE_HOME": str(WORK / "state")}
    return subprocess.run([CBTCTL, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, timeout=60)


def states(root):
    document = json.loads(run("scan", root, "--json").stdout)
    return {(vm["config_path"], disk["slot"]): disk["cbt"]["state"] for vm in document["virtual_machines"] for disk in vm["disks"]}


def some_verb(chance):
    verb = chance.choice(("repair", "repair", "repair", "enable", "disable", "reset", "clean"))
    if verb == "clean":
        return [verb, "--min-age", "0"]
    words = [verb]
    if verb == "repair":
        named = {}
        for choice in chance.sample(CHOICES, chance.randint(1, 8)):
            named.setdefault(choice.split("=")[0], choice)
        words += [word for choice in named.values() for word in ("--choose", choice)]
    if chance.random() < 0.25:
        words += ["--disk", f"scsi0:{chance.randint(0, 2)}"]
    return words


def main():
    changed = tracked = 0
    for number in range(COUNT):
        chance = random.Random(f"{SEED}/{number}")
        root = WORK / "ds"
        shutil.rmtree(root, ignore_errors=True)
        make_machine(root / "a", "a", chance)
        before, story = states(root), []
        tracked += "tracked" in before.values()
        for _ in range(4):
            words = some_verb(chance)
            done = run(*words, root, "--yes", "--json")
            story.append(f"{' '.join(words)}: {done.returncode}")
            if done.returncode not in (0, 4):
                print(f"datastore {number} of seed {SEED}: ends with {done.returncode}: {done.stdout[:500]} {done.stderr[:500]}", *story, sep="\n  ")
                sys.exit(1)
            changed += any(result["outcome"] == "changed" for result in json.loads(done.stdout).get("results") or [])
            now = states(root)
            revived = [place for place, state in now.items() if state == "tracked" and before.get(place) != "tracked"]
            if revived:
                print(f"datastore {number} of seed {SEED}: {revived} became tracked, from {before}", *story, (root / "a/a.vmx").read_text(), sep="\n  ")
                sys.exit(1)
            before = now
    print(f"revival_test: {COUNT} datastores, {tracked} with a tracked disk, {changed} changes, none made a disk tracked")
    sys.exit(0 if changed > COUNT and tracked * 10 > COUNT else 1)


main()
