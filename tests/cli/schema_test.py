#!/usr/bin/python3
"""Holds every JSON document that the program prints against its schema, on every fixture.

usage: schema_test.py CBTCTL SOURCE_DIR
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema

sys.path.append(f"{sys.argv[2]}/tests/support")
from schema_parts import load_schema  # noqa: E402

CBTCTL, SOURCE = sys.argv[1], Path(sys.argv[2])
checked = 0
failures = []


def check(*arguments):
    global checked
    run = subprocess.run([CBTCTL, *arguments, "--json"], capture_output=True, timeout=120)
    label = "cbtctl " + " ".join(os.fsdecode(a) for a in arguments)
    if run.returncode not in (0, 4, 8, 12):
        failures.append(f"{label}: exit {run.returncode}: {run.stderr.decode(errors='replace')}")
        return None
    document = json.loads(run.stdout.decode("utf-8"))
    name = document["schema"].split(".")[1].split("/")[0]
    name = "change" if name in ("enable", "disable", "reset", "clean", "repair", "apply", "undo") else name
    checked += 1
    for error in jsonschema.Draft7Validator(load_schema(name)).iter_errors(document):
        failures.append(f"{label}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
    if document["exit_status"] != run.returncode:
        failures.append(f"{label}: exit_status {document['exit_status']}, but the process ended with {run.returncode}")
    return document


def files_below(folder):
    for root, folders, names in os.walk(os.fsencode(folder)):
        for name in sorted(names):
            path = os.path.join(root, name)
            if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) < 1 << 42:
                yield path


for words in (["ctk", "blocks", "--since", "1"], ["ctk", "map"], ["ctk", "diff", "none"], ["ctk", "verify", "--since", "1", "--delta", "none"],
              ["compare", "none"], ["export"]):
    path = str(SOURCE / "fixtures/none")
    document = check(*words, *([path, f"{path}.raw"] if words == ["export"] else [path]))
    if not document or document["schema"] != "cbtctl.error/1" or "none" not in document["error"]:
        failures.append(f"{words}: expected a document that tells why, found {document}")
cases = sorted(p for p in (SOURCE / "fixtures").iterdir() if p.is_dir())
if len(cases) < 3:
    failures.append(f"expected at least 3 fixtures, found {len(cases)}")
for case in cases:
    check("scan", str(case))
    check("scan", str(case), "--vm", "web*")
    check("check", str(case))
    check("check", str(case), "--deep", "--fail-on", "none")
    for verb in ("enable", "disable", "reset", "clean", "repair"):
        check(verb, str(case), "--dry-run")
    check("purge", str(case), "--dry-run", "--older-than", "0")
with tempfile.TemporaryDirectory() as folder:
    os.environ["XDG_STATE_HOME"] = f"{folder}/state"
    subprocess.run(["cp", "-a", "--sparse=always", str(SOURCE / "fixtures/demo"), f"{folder}/ds"], check=True)
    plan, ds = f"{folder}/plan.json", f"{folder}/ds"
    check("reset", ds, "--vm", "app01", "--yes")
    check("history")
    run = check("repair", ds, "--yes")["run"]
    check("history", run, "--verify")
    check("history", run, ds)
    check("undo", run, "--dry-run")
    check("undo", run, "--yes")
    check("undo", run, "--yes")
    check("disable", ds, "--vm", "rdm", "--plan-out", plan)
    check("apply", plan, "--dry-run")
    check("apply", plan, "--yes")
    check("purge", ds, "--older-than", "0", "--yes")
check("explain")
check("explain", "ctk-missing")
for case in ("demo", "hostile"):
    for path in files_below(SOURCE / "fixtures" / case):
        if path.endswith((b"recipe", b".log", b".nvram")):
            continue
        check("show", path)
        if b"ctk" in os.path.basename(path):
            shown = check("ctk", "show", path)
            if shown and shown["files"][0]["layout"] == "confirmed":
                check("ctk", "blocks", path, "--since", "0")
                check("ctk", "blocks", path, "--since", "*", "--merge")
                check("ctk", "map", path)
                check("ctk", "map", path, "--since", "2")
                check("ctk", "diff", path, path)
        elif os.path.getsize(path) < 1 << 16:
            check("chain", path)
            check("extents", path)
chains = 0
for machine in sorted((SOURCE / "fixtures").glob("*/*/*.vmx")):
    for verb in ("chain", "extents"):
        shown = check(verb, str(machine))
        chains += len(shown["disks"]) if shown else 0
if chains < 50:
    failures.append(f"expected at least 50 chains and maps, found {chains}")
DB01 = SOURCE / "fixtures/demo/db01"
tracking, frozen = str(DB01 / "db01-000001-ctk.vmdk"), str(DB01 / "db01-ctk.vmdk")
base, delta = str(DB01 / "db01.vmdk"), str(DB01 / "db01-000001.vmdk")
check("ctk", "diff", frozen, tracking)
check("ctk", "verify", "--delta", delta, tracking)
check("ctk", "verify", "--images", base, delta, tracking, "--since", "3")
check("ctk", "verify", "--images", base, delta, tracking, "--since", "4")  # proof
with tempfile.TemporaryDirectory() as folder:
    check("export", delta, os.path.join(os.fsencode(folder), b"new\xff.raw"))
    check("export", delta, f"{folder}/old.raw", "--link", "1", "--sha256")

for failure in failures:
    print(failure)
print(f"{checked} documents checked, {len(failures)} failures")
sys.exit(1 if failures or checked < 50 else 0)
