#!/usr/bin/python3
"""Holds the states that `scan` tells against what the recipes expect: lines `# expect VMX SLOT STATE`.

usage: states_test.py CBTCTL SOURCE_DIR
"""
import json
import subprocess
import sys
from pathlib import Path

CBTCTL, SOURCE = sys.argv[1], Path(sys.argv[2])
ALL_STATES = {"unreadable", "unsupported", "tracked", "broken", "pending", "leftover", "off", "partial"}
passed, failures, seen = 0, [], set()

for recipe in sorted((SOURCE / "fixtures").glob("*/recipe")):
    case = recipe.parent
    run = subprocess.run([CBTCTL, "scan", str(case), "--json"], capture_output=True, timeout=120)
    document = json.loads(run.stdout)
    found = {(vm["config_path"].encode().decode("unicode_escape") if "\\" in vm["config_path"] else vm["config_path"],
              disk["slot"]): disk["cbt"]["state"] for vm in document["virtual_machines"] for disk in vm["disks"]}
    for line in recipe.read_text().splitlines():
        if not line.startswith("# expect "):
            continue
        path, slot, state = line.removeprefix("# expect ").rsplit(" ", 2)
        key = (path.encode().decode("unicode_escape") if "\\" in path else path, slot)
        seen.add(state)
        if found.get(key) == state:
            passed += 1
        else:
            failures.append(f"{case.name}: {path} {slot}: expected {state}, found {found.get(key)}")

if missing := ALL_STATES - seen:
    failures.append(f"no fixture expects {', '.join(sorted(missing))}")
for failure in failures:
    print(failure)
print(f"{passed} passed, {len(failures)} failed")
sys.exit(1 if failures else 0)
