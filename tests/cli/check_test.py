#!/usr/bin/python3
"""check, explain and compare as a user runs them: golden output, agreement of the formats, thresholds, baseline.

usage: check_test.py CBTCTL SOURCE_DIR
"""
import csv
import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
FIXTURES = SOURCE / "fixtures"


def run(*arguments, cwd=FIXTURES):
    return subprocess.run([CBTCTL, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=120)


def status(what, wanted, *arguments):
    found = run(*arguments)
    expect(f"exit status of {what}", found.returncode == wanted, f"{found.returncode}, {found.stderr}")
    return found


# Golden output, and that all formats tell the same.
text = run("check", "fixtures/demo", cwd=SOURCE)
expect("the text of check demo is the golden one", text.stdout == (SOURCE / "tests/golden/demo-check.txt").read_text(), text.stdout)
document = run("check", "demo", "--json")
expect("the JSON of check demo is the golden one", document.stdout == (SOURCE / "tests/golden/demo-check.json").read_text())
findings = json.loads(document.stdout)["findings"]
rows = list(csv.DictReader(io.StringIO(run("check", "demo", "--csv").stdout)))
expect("CSV and JSON tell the same", [(r["code"], r["path"], r["fingerprint"]) for r in rows] == [(f["code"], f["path"], f["fingerprint"]) for f in findings])
expect("text and JSON tell the same", [line.split()[1:3] for line in text.stdout.split("\n\n")[0].splitlines()[1:]] == [[f["code"], f["path"]] for f in findings])
expect("fingerprints are unique", len({f["fingerprint"] for f in findings}) == len(findings))
nagios = status("nagios", 2, "check", "demo", "--format", "nagios")
numbers = dict(re.findall(r"(\w+)=(\d+)", nagios.stdout.split("|")[1]))
for severity in ("note", "warning", "error", "critical"):
    expect(f"nagios counts {severity}", int(numbers[severity]) == sum(f["severity"] == severity for f in findings), nagios.stdout)
expect("nagios is one line", nagios.stdout.count("\n") == 1 and nagios.stdout.startswith("CBTCTL CRITICAL - "))

# Exit status.
healthy = status("a healthy datastore", 0, "check", "healthy", "--fail-on", "note")
expect("a healthy datastore yields nothing", "nothing found" in healthy.stdout, healthy.stdout)
status("nagios on a healthy datastore", 0, "check", "healthy", "--format", "nagios")
status("the demo", 4, "check", "demo")
status("the demo where nothing counts", 0, "check", "demo", "--fail-on", "none")
status("a VM with notes alone", 0, "check", "demo", "--vm", "quiet")
status("the same by notes", 4, "check", "demo", "--vm", "quiet", "--fail-on", "note")
status("nagios on warnings", 1, "check", "demo", "--vm", "ancient", "--format", "nagios")
status("a missing target", 8, "check", "/nowhere")
status("nagios on a missing target", 3, "check", "/nowhere", "--format", "nagios")
status("a wrong threshold", 16, "check", "demo", "--fail-on", "bad")
status("a wrong code", 16, "check", "demo", "--only", "no-such-code")
status("nagios on a wrong threshold", 3, "check", "demo", "--format", "nagios", "--fail-on", "bad")

# Selection.
only = json.loads(run("check", "demo", "--json", "--only", "ctk-missing", "--only", "ctk-orphan").stdout)["findings"]
expect("--only keeps these codes", {f["code"] for f in only} == {"ctk-missing", "ctk-orphan"})
rest = json.loads(run("check", "demo", "--json", "--except", "ctk-missing").stdout)["findings"]
expect("--except drops this code", len(rest) == len(findings) - 1)
one = json.loads(run("check", "demo", "--json", "--vm", "app01").stdout)["findings"]
expect("--vm keeps what lies in its folder", [f["path"] for f in one] == ["app01/app01-000002-ctk.vmdk"], one)

status("--except wins over --only", 0, "check", "demo", "--only", "ctk-missing", "--except", "ctk-missing")
orphan = next(f for f in findings if f["code"] == "ctk-orphan-snapshot")
expect("an orphan's machine is the one of its folder", (orphan["vm"], orphan["disk"]) == ("app01/app01.vmx", None), orphan)

# A target that is one .vmx: its neighbours use what is theirs, and are not judged.
one = json.loads(run("check", "look-alikes/second/s.vmx", "--json").stdout)
expect("a neighbour's disk is no orphan", [f["path"] for f in one["findings"]] == ["s_2.vmdk"], one["findings"])
expect("a neighbour is not told", {s["what"] for s in one["skipped"]} == set(), one["skipped"])
alone = run("check", "look-alikes/second/s.vmx", "--format", "nagios").stdout
expect("a neighbour is not counted", " vms=1 disks=2" in alone, alone)
listed = json.loads(run("scan", "look-alikes/second/s.vmx", "--json").stdout)["virtual_machines"]
expect("a neighbour is not listed", [m["config_path"] for m in listed] == ["s.vmx"], listed)

# Where no fix is offered, none is named.
doubted = json.loads(run("check", "doubted", "--json").stdout)["findings"]
expect("a doubted format names no command", all("--choose" not in f["remedy"] and not f["options"] for f in doubted if f["code"].startswith("ctk-")), doubted[1])
expect("the text tells the doubt first", run("check", "doubted").stdout.startswith("so many CTK files do not fit"))

# Baseline.
with tempfile.TemporaryDirectory() as folder:
    known = Path(folder) / "known.json"
    kept = json.loads(document.stdout)
    kept["findings"] = [f for f in kept["findings"] if f["code"] != "ctk-missing"]
    kept["findings"].append({"fingerprint": "0" * 16, "code": "ctk-orphan", "path": "was/was-ctk.vmdk"})
    known.write_text(json.dumps(kept))
    new = status("what a baseline does not know", 4, "check", "demo", "--json", "--baseline", known)
    told = json.loads(new.stdout)
    expect("only what is new is told", [f["code"] for f in told["findings"]] == ["ctk-missing"], told["findings"])
    expect("what has gone is told", [g["path"] for g in told["baseline"]["gone"]] == ["was/was-ctk.vmdk"])
    for words in (["--only", "ctk-missing"], ["--except", "ctk-orphan"], ["--vm", "app01"]):
        told = json.loads(run("check", "demo", "--json", "--baseline", known, *words).stdout)
        expect(f"what {words} does not look for has not gone", told["baseline"]["gone"] == [], told["baseline"])
    known.write_text(document.stdout)
    status("nothing new", 0, "check", "demo", "--baseline", known)
    known.write_text("{}")
    status("a baseline that is none", 16, "check", "demo", "--baseline", known)

    # compare
    before = run("scan", "demo", "--json").stdout
    old, now = Path(folder) / "old.json", Path(folder) / "new.json"
    old.write_text(before)
    now.write_text(before)
    status("two equal scans", 0, "compare", old, now)
    changed = json.loads(before)
    machines = {m["config_path"]: m for m in changed["virtual_machines"]}
    machines["app01/app01.vmx"]["disks"][0]["chain"][0]["ctk"]["uuid"] = "00 " * 15 + "00"
    machines["db01/db01.vmx"]["disks"][0]["chain"][0]["ctk"]["epoch"] = 1
    machines["old01/old01.vmx"]["disks"][0]["cbt"]["state"] = "off"
    machines["misfit/misfit.vmx"]["disks"].pop()
    changed["virtual_machines"].remove(machines["far/far.vmx"])
    now.write_text(json.dumps(changed))
    compared = status("two scans that differ", 4, "compare", old, now, "--json")
    kinds = {(c["kind"], c["vm"]) for c in json.loads(compared.stdout)["changes"]}
    expect("compare tells every change", kinds == {("tracking-restarted", "app01/app01.vmx"), ("tracking-went-backwards", "db01/db01.vmx"),
                                                   ("state-changed", "old01/old01.vmx"), ("disk-gone", "misfit/misfit.vmx"), ("vm-gone", "far/far.vmx")}, kinds)
    status("the way back", 4, "compare", now, old)
    changed = json.loads(before)
    for machine in changed["virtual_machines"]:
        for disk in machine["disks"]:
            disk["chain"] = []
            if machine["config_path"] == "app01/app01.vmx" and disk["slot"] == "scsi0:0":
                disk["cbt"]["change_id"] = disk["cbt"]["change_id"].split("/")[0] + "/1"
    now.write_text(json.dumps(changed))
    by_id = json.loads(run("compare", old, now, "--json").stdout)["changes"]
    expect("compare goes by the change id too", [(c["kind"], c["disk"]) for c in by_id] == [("tracking-went-backwards", "scsi0:0")], by_id)
    lost = json.loads(before)
    lost["targets"][0]["error"], lost["virtual_machines"] = "unreachable", []
    now.write_text(json.dumps(lost))
    for files in ((old, now), (now, old)):
        found = status("a host that was down then", 0, "compare", *files)
        expect("of a target that could not be read nothing has gone", "could not be read" in found.stderr, found.stderr)
    now.write_text("no JSON")
    status("a file that is no scan", 16, "compare", old, now)
    status("a file that is missing", 8, "compare", old, Path(folder) / "missing.json")

# explain, and the README's table.
codes = [c["code"] for c in json.loads(run("explain", "--json").stdout)["codes"]]
expect("explain lists the codes in order", codes == sorted(codes) and len(codes) > 40)
for code in codes:
    story = run("explain", code)
    expect(f"explain {code}", story.returncode == 0 and code in story.stdout)
status("a code that is none", 16, "explain", "no-such-code")
readme = (SOURCE / "README.md").read_text()
expect("the README's table of codes is printed from the catalogue", run("explain", "--markdown").stdout in readme)
man = run("explain", "--man").stdout
expect("the man page has every code", all(code.replace("-", "\\-") in man for code in codes))

# Each block of the README that begins with a command shows that command's very output; those on a host are held to it by
# tests/ssh/host_test.py.
blocks = re.findall(r"```\n\$ (build/cbtctl [^\n]*)\n(.*?)```", readme, re.S)
blocks = [block for block in blocks if "ssh://" not in block[0]]
expect("the README shows output", len(blocks) >= 3, len(blocks))
for command, shown in blocks:
    words = command.split()
    found = subprocess.run([CBTCTL, *words[1:]], capture_output=True, text=True, cwd=SOURCE).stdout
    expect(f"README: {command}", found == shown, found)

finish(at_least=95)
