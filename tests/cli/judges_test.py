#!/usr/bin/python3
"""Other people's readers judge our decoding: qemu-img and vmdkinfo must agree on capacity, kind and parent.

usage: judges_test.py CBTCTL SOURCE_DIR
"""
import json
import re
import subprocess
import sys
from pathlib import Path

CBTCTL, SOURCE = sys.argv[1], Path(sys.argv[2])
DEMO = SOURCE / "fixtures/demo"
QEMU = ["app01/app01.vmdk", "db01/db01.vmdk", "db01/db01-000001.vmdk", "db02/db02-000001.vmdk", "db02/db02-000002.vmdk",
        "hosted/hosted.vmdk", "hosted/hosted_1.vmdk", "hosted/hosted_2.vmdk", "web-ctk/x-flat.vmdk"]
LIBVMDK = ["app01/app01.vmdk", "db01/db01-000001.vmdk", "db01/db01.vmdk", "hosted/hosted.vmdk", "web-ctk/x-flat.vmdk"]
LIBVMDK_TYPES = {"VMFS flat": "vmfs", "VMFS sparse": "vmfsSparse", "Sparse (monolithic)": "monolithicSparse",
                 "Monolithic sparse": "monolithicSparse"}
passed, failures = 0, []


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        failures.append(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def agree(path, what, ours, theirs):
    global passed
    if ours == theirs:
        passed += 1
    else:
        failures.append(f"{path}: {what}: ours {ours!r}, theirs {theirs!r}")


def ours(path):
    return json.loads(run(CBTCTL, "show", "--json", str(DEMO / path)))["files"][0]["descriptor"]


for path in QEMU:
    descriptor = ours(path)
    info = json.loads(run("qemu-img", "info", "--output=json", str(DEMO / path)) or "{}")
    agree(path, "capacity", descriptor["capacity_bytes"], info.get("virtual-size"))
    data = info.get("format-specific", {}).get("data", {})
    agree(path, "createType", descriptor["create_type"], data.get("create-type"))
    agree(path, "CID", int(descriptor["cid"], 16), data.get("cid"))
    agree(path, "parent", descriptor["parent_hint"], info.get("backing-filename", ""))
    if not run("qemu-img", "map", "--output=json", str(DEMO / path)).startswith("["):
        failures.append(f"{path}: qemu-img map does not read it")

for path in LIBVMDK:
    descriptor = ours(path)
    text = run("vmdkinfo", str(DEMO / path))
    size = re.search(r"Media size:.*\((\d+) bytes\)", text)
    parent = re.search(r"Parent filename:\s*(\S+)", text)
    kind = re.search(r"Disk type:\s*(.+)", text)
    agree(path, "vmdkinfo capacity", descriptor["capacity_bytes"], int(size[1]) if size else None)
    agree(path, "vmdkinfo parent", descriptor["parent_hint"], parent[1] if parent else "")
    agree(path, "vmdkinfo kind", descriptor["create_type"], LIBVMDK_TYPES.get(kind[1].strip() if kind else "", kind and kind[1]))

for failure in failures:
    print(failure)
print(f"{passed} passed, {len(failures)} failed")
sys.exit(1 if failures or passed < 40 else 0)
