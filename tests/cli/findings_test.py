#!/usr/bin/python3
"""Holds what `check --deep` finds against what the recipes say: lines `# finding CODE PATH [CERTAINTY]`, no more and no
less. Every code of the catalogue stands in some recipe.

usage: findings_test.py CBTCTL SOURCE_DIR
"""
import json
import subprocess
import sys
from pathlib import Path

CBTCTL, SOURCE = sys.argv[1], Path(sys.argv[2])
failures, passed, seen = [], 0, set()


def run(*arguments):
    return json.loads(subprocess.run([CBTCTL, *arguments, "--json"], capture_output=True, timeout=120).stdout)


for recipe in sorted((SOURCE / "fixtures").glob("*/recipe")):
    case = recipe.parent
    lines = [line.split()[2:] for line in recipe.read_text().splitlines() if line.startswith("# finding ")]
    if not lines and case.name != "healthy":
        continue
    document = run("check", "--deep", str(case))
    found = {(f["code"], f["path"]): f["certainty"] for f in document["findings"]}
    wanted = {(line[0], line[1]): line[2] if len(line) > 2 else None for line in lines}
    seen |= {code for code, _ in wanted}
    failures += [f"{case.name}: {code} at {path} was not found" for code, path in sorted(wanted.keys() - found.keys())]
    failures += [f"{case.name}: {code} at {path} is a false alarm" for code, path in sorted(found.keys() - wanted.keys())]
    for key in wanted.keys() & found.keys():
        if wanted[key] in (None, found[key]):
            passed += 1
        else:
            failures.append(f"{case.name}: {key} is {found[key]}, expected {wanted[key]}")
    if "ctk-format-doubted" in {code for code, _ in wanted}:
        offered = [f["code"] for f in document["findings"] if f["code"].startswith("ctk-") and f["fix"] != "none"]
        failures += [f"{case.name}: {code} offers a fix" for code in offered]
        if document["findings"][0]["code"] != "ctk-format-doubted":
            failures.append(f"{case.name}: the doubt is not told first")

codes = {code["code"] for code in run("explain")["codes"]}
failures += [f"no recipe raises {code}" for code in sorted(codes - seen)]
for failure in failures:
    print(failure)
print(f"{passed} passed, {len(failures)} failed")
sys.exit(1 if failures else 0)
