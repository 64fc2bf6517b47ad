#!/usr/bin/python3
"""enable, disable, reset, clean, repair, apply, undo, history and purge on copies of fixtures: nothing can be lost.

Also stopped by SIGKILL at every system call that changes something, in turn, and recovered.

usage: change_test.py CBTCTL SOURCE_DIR [ROUNDS]
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402
from folders import copy_folder, picture, scratch_folder  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
WORK = scratch_folder("change")
STATE = WORK / "state"


def run(*arguments, before=()):
    environment = {**os.environ, "XDG_STATE_HOME": str(STATE)}
    return subprocess.run([*before, CBTCTL, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, timeout=120)


def copy(case, name="ds"):
    return copy_folder(SOURCE / "fixtures" / case, WORK / name)


def states(folder):
    document = json.loads(run("scan", folder, "--json").stdout)
    return {(vm["config_path"], disk["slot"]): disk["cbt"]["state"] for vm in document["virtual_machines"] for disk in vm["disks"]}


def left_behind(folder):
    return [p for p in folder.rglob(".cbtctl") if p.parent.name != "app01"] + list(folder.rglob("*.cbtctl-new")) + list(folder.rglob("lock"))


def document(result):
    try:
        return json.loads(result.stdout)
    except ValueError:
        expect(f"{result.args} prints JSON", False, f"{result.stdout[:200]} {result.stderr}")
        return {"plan": {"changes": [], "refused": [], "unchanged": []}, "results": []}


def vmx(folder, name):
    return (folder / name / f"{name}.vmx").read_text()


# Without agreement nothing happens.
ds = copy("demo")
before = picture(ds)
asked = run("reset", ds)
expect("without a terminal and --yes: 16", asked.returncode == 16, asked.returncode)
dry = run("reset", ds, "--dry-run", "--json")
expect("a dry run with refusals: 4", dry.returncode == 4)
expect("nothing was changed", picture(ds) == before and not left_behind(ds))
plan = document(dry)["plan"]
reasons = {refused["vm"]: refused["reason"] for refused in plan["refused"]}
expect("refusals", reasons == {
    "ancient/ancient.vmx": "hardware-too-old", "barred/barred.vmx": "disallowed", "db01/db01.vmx": "has-snapshots", "db02/db02.vmx": "has-snapshots",
    "far/far.vmx": "outside-scan", "golden/golden.vmtx": "template", "gone/gone.vmx": "unreadable", "half/half.vmx": "powered-on",
    "misfit/misfit.vmx": "vsan-or-vvol", "quiet/quiet.vmx": "suspended", "secret/secret.vmx": "encrypted", "twice/twice.vmx": "powered-on",
    "zeros/zeros.vmx": "unreadable"}, reasons)
first = [c for c in plan["changes"] if c["vm"] == "app01/app01.vmx"]
expect("keys FALSE, lines out, CTK aside, keys TRUE", [c["kind"] for c in first] == ["edit", "edit", "edit", "quarantine", "quarantine", "edit"], first)

# Each verb keeps its promise, and undo restores every byte.
for verb, promised in (("reset", "pending"), ("disable", "off"), ("enable", "pending")):
    ds = copy("demo")
    before, was = picture(ds), states(ds)
    changed = run(verb, ds, "--yes", "--json")
    told = document(changed)
    expect(f"{verb}: exit status", changed.returncode in (0, 4), changed.stderr)
    outcomes = {r["vm"]: r["outcome"] for r in told.get("results", [])}
    expect(f"{verb}: machines were changed", set(outcomes.values()) == {"changed"} and len(outcomes) >= 4, outcomes)
    now = states(ds)
    touched = {(c["vm"]) for c in told["plan"]["changes"]}
    for (vm, slot), state in now.items():
        if vm not in touched:
            expect(f"{verb}: {vm} untouched", was[vm, slot] == state)
        else:
            expect(f"{verb}: {vm} {slot} is {state}", state in (promised, was[vm, slot]), was[vm, slot])
            expect(f"{verb}: {vm} {slot} was not made tracked", state != "tracked" or was[vm, slot] == "tracked")
    again = document(run(verb, ds, "--yes", "--json"))
    expect(f"{verb}: a second run changes nothing", not again["plan"]["changes"], again["plan"]["changes"])
    expect(f"{verb}: no lock stays", not list(ds.rglob("lock")))
    undone = run("undo", told.get("run", ""), "--yes", "--json")
    expect(f"{verb}: undo", undone.returncode == 0 and {r["outcome"] for r in document(undone)["results"]} == {"restored"}, undone.stdout)
    expect(f"{verb}: undo restores names, modes and bytes", picture(ds) == before, set(picture(ds).items()) ^ set(before.items()))
    expect(f"{verb}: undo leaves nothing", not left_behind(ds), left_behind(ds))

# One disk alone.
ds = copy("demo")
run("disable", ds, "--vm", "app01", "--disk", "scsi0:0", "--yes")
text = vmx(ds, "app01")
expect("disable --disk leaves the VM's key", 'ctkEnabled = "TRUE"' in text.splitlines() and 'scsi0:0.ctkEnabled = "FALSE"' in text and 'scsi0:1.ctkEnabled = "true"' in text, text)
expect("disable --disk leaves the other disk", states(ds)["app01/app01.vmx", "scsi0:1"] == "tracked" and states(ds)["app01/app01.vmx", "scsi0:0"] == "off")

# A key in odd case is edited in place, a missing one added once.
ds = copy("demo")
path = ds / "app01/app01.vmx"
path.write_text(re.sub(r"(?m)^ctkEnabled", "CtkEnabled", path.read_text()))
run("disable", ds, "--vm", "app01", "--yes")
expect("the odd key was edited in place", vmx(ds, "app01").lower().count("\nctkenabled") == 1 and 'CtkEnabled = "FALSE"' in vmx(ds, "app01"), vmx(ds, "app01"))
ds = copy("demo")
run("enable", ds, "--vm", "hosted", "--yes")
expect("missing keys were added once", all(vmx(ds, "hosted").count(f"scsi0:{i}.ctkEnabled") == 1 for i in range(3)))

# A CTK file that stands where the next one must go is never brought back to life.
ds = copy("demo")
(ds / "old01/old01.vmx").write_text(vmx(ds, "old01").replace('"FALSE"', '"FALSE"'))
run("enable", ds, "--vm", "old01", "--yes")
expect("both CTK files are out of the way", not list((ds / "old01").glob("*-ctk.vmdk")) and states(ds)["old01/old01.vmx", "scsi0:0"] == "pending", list((ds / "old01").iterdir()))

# clean takes what nothing names, old and owned by nobody at work.
ds = copy("demo")
one = document(run("clean", ds, "--vm", "app01", "--dry-run", "--json"))["plan"]["changes"]
expect("clean --vm leaves what belongs to nobody alone", {c["path"] for c in one} == {"app01/app01-000002-ctk.vmdk"}, one)
cleaned = document(run("clean", ds, "--yes", "--json"))
expect("clean", {c["path"] for c in cleaned["plan"]["changes"]} == {"app01/app01-000002-ctk.vmdk", "old01/old01_1-ctk.vmdk", "old02/old02-ctk.vmdk"}, cleaned["plan"])
codes = {f["code"] for f in json.loads(run("check", ds, "--json").stdout)["findings"]}
expect("check is clean of them", not codes & {"ctk-orphan", "ctk-orphan-snapshot", "ctk-leftover"}, codes)
os.utime(SOURCE / "fixtures/demo/old02/old02-ctk.vmdk") if False else None
ds = copy("demo")
os.utime(ds / "old02/old02-ctk.vmdk")
young = document(run("clean", ds, "--dry-run", "--json"))
expect("a young file is refused", [r["reason"] for r in young["plan"]["refused"]] == ["too-young"], young["plan"]["refused"])
(ds / "old01/old01.vmx.lck").touch()
expect("a locked VM's folder is left alone", "locked" in {r["reason"] for r in document(run("clean", ds, "--dry-run", "--json", "--min-age", "0s"))["plan"]["refused"]})

# repair: safe fixes by themselves, choices when named; a second check has lost the finding and has none new.
for arguments, fixed in (([], {"ctk-missing", "cbt-leftover-tracking"}), (["--choose", "ctk-covers-less=restart"], {"ctk-covers-less"})):
    ds = copy("demo")
    before = picture(ds)
    was = {f["fingerprint"]: f["code"] for f in json.loads(run("check", ds, "--json").stdout)["findings"]}
    repaired = document(run("repair", ds, "--yes", "--json", *arguments))
    now = {f["fingerprint"]: f["code"] for f in json.loads(run("check", ds, "--json").stdout)["findings"]}
    expect(f"repair {arguments} fixes", fixed <= set(was.values()) and not fixed & set(now.values()), now)
    expect(f"repair {arguments} brings nothing new but what is pending", {now[f] for f in now.keys() - was.keys()} <= {"cbt-pending"}, {now[f] for f in now.keys() - was.keys()})
    run("undo", repaired.get("run", ""), "--yes")
    expect(f"repair {arguments} is undone", picture(ds) == before)
expect("a wrong option: 16", run("repair", ds, "--choose", "ctk-covers-less=magic").returncode == 16)

# plan-out and apply; a plan is refused where a digest has moved.
ds = copy("demo")
saved = WORK / "plan.json"
run("disable", ds, "--vm", "app01", "--plan-out", saved)
expect("--plan-out changes nothing", saved.exists() and states(ds)["app01/app01.vmx", "scsi0:0"] == "tracked")
applied = document(run("apply", saved, "--yes", "--json"))
expect("apply", [r["outcome"] for r in applied["results"]] == ["changed"] and states(ds)["app01/app01.vmx", "scsi0:0"] == "off", applied)
ds = copy("demo")
(ds / "app01/app01.vmx").write_text(vmx(ds, "app01") + "# edited\n")
stale = run("apply", saved, "--yes", "--json")
expect("a stale plan is refused", stale.returncode == 4 and document(stale)["results"][0]["reason"] == "changed-meanwhile", stale.stdout)
expect("and touches nothing", 'scsi0:0.ctkEnabled = "TRUE"' in vmx(ds, "app01") and not (ds / "app01/.cbtctl/lock").exists())

# undo refuses once the VM may have run.
for moved in ("app01-flat.vmdk", "vmware.log"):
    ds = copy("demo")
    told = document(run("reset", ds, "--vm", "app01", "--yes", "--json"))
    os.utime(ds / "app01" / moved)
    late = run("undo", told.get("run", ""), "--yes", "--json")
    expect(f"undo after {moved} was written", late.returncode == 4 and document(late)["results"][0]["reason"] == "ran-since", late.stdout)
    expect("no old CTK came back", not (ds / "app01/app01-ctk.vmdk").exists())

# history and purge.
listed = json.loads(run("history", "--json").stdout)["runs"]
expect("history lists the runs", len(listed) >= 8 and all(r["verb"] for r in listed))
expect("history of one run tells its steps", "quarantine" in run("history", told.get("run", "")).stdout)
expect("purge keeps what is young", "0 runs" not in run("purge", ds, "--older-than", "0s", "--dry-run").stdout and (ds / "app01/.cbtctl").exists())
purged = run("purge", ds, "--older-than", "0s", "--yes")
expect("purge deletes", purged.returncode == 0 and not (ds / "app01/.cbtctl").exists() or "20240430" in str(list((ds / "app01/.cbtctl").iterdir())), purged.stderr)

# A read-only folder: an error, and nothing half done.
if os.geteuid() == 0 and shutil.which("setpriv"):
    ds = copy("demo")
    before = picture(ds)
    subprocess.run(["chattr", "+i", str(ds / "app01")], capture_output=True)
    locked_out = run("reset", ds, "--vm", "app01", "--yes")
    subprocess.run(["chattr", "-i", str(ds / "app01")], capture_output=True)
    if locked_out.returncode == 8:
        expect("a folder that cannot be written changes nothing", picture(ds) == before)

# Killed at every changing system call in turn; the next writing verb finds it and puts it right.
CALLS = "fsync,syncfs,linkat,renameat,renameat2,mkdirat,unlinkat"
total = 0
ds = copy("healthy", "crash")
counted = run("reset", ds, "--vm", "one", "--yes", before=["strace", "-f", "-qq", "-o", str(WORK / "calls"), "-e", f"trace={CALLS}"])
calls = [line for line in (WORK / "calls").read_text().splitlines() if re.search(r"\b(fsync|syncfs|linkat|renameat2?|mkdirat|unlinkat)\(", line)]
expect("the run could be traced", counted.returncode == 0 and len(calls) > 20, f"{len(calls)} {counted.stderr}")
per_call = {}
for line in calls:
    name = re.search(r"\b(fsync|syncfs|linkat|renameat2|renameat|mkdirat|unlinkat)\(", line)[1]
    per_call[name] = per_call.get(name, 0) + 1
wholly = picture(ds)
for name, count in per_call.items():
    for number in range(1, count + 1):
        ds = copy("healthy", "crash")
        before = picture(ds)
        killed = run("reset", ds, "--vm", "one", "--yes", before=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}"])
        middle = states(ds)["one/one.vmx", "scsi0:0"]
        touched = picture(ds) != before
        expect(f"killed at {name} {number}: any prefix is off, or as it was", middle != "tracked" or (ds / "one/one-ctk.vmdk").exists() and 'changeTrackPath' in (ds / "one/one.vmdk").read_text())
        next_run = run("disable", ds, "--vm", "two", "--yes", "--json")  # refused for its snapshot, but it recovers
        now = picture(ds)
        expect(f"killed at {name} {number}: as before or wholly changed", now in (before, wholly), {k for k in now.keys() | before.keys() if now.get(k) != before.get(k)})
        expect(f"killed at {name} {number}: no lock, no new file stays", not list(ds.rglob("lock")) and not list(ds.rglob("*.cbtctl-new")), list(ds.rglob("*")))
        total += 1

# Interrupted, then the VM ran: no old CTK file comes back.
ds = copy("healthy", "crash")
run("reset", ds, "--vm", "one", "--yes", before=["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:signal=SIGKILL:when=1"])
os.utime(ds / "one/one-flat.vmdk")
run("disable", ds, "--vm", "two", "--yes")
expect("after the VM ran, recovery goes forward", not (ds / "one/one-ctk.vmdk").exists() and states(ds)["one/one.vmx", "scsi0:0"] == "pending", states(ds))

expect("it was killed at many places", total >= 20, total)
finish(at_least=200)
