#!/usr/bin/python3
"""Runs as users live with them: recovery, undo by another administrator, history and its proof, purge, words of honour.

usage: runs_test.py CBTCTL SOURCE_DIR
"""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402
from folders import copy_folder, picture, scratch_folder  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
WORK = scratch_folder("runs")


def run(*arguments, before=(), who="me", **more):
    environment = {**os.environ, "XDG_STATE_HOME": str(WORK / f"state-{who}")}
    return subprocess.run([*before, CBTCTL, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, timeout=120, **more)


def told(*arguments, status=None, **more):
    result = run(*arguments, "--json", **more)
    if status is not None:
        expect(f"{arguments}: exit status {status}", result.returncode == status, f"{result.returncode} {result.stdout} {result.stderr}")
    try:
        return json.loads(result.stdout)
    except ValueError:
        expect(f"{arguments} prints JSON", False, f"{result.stdout[:200]} {result.stderr}")
        return {"plan": {"changes": [], "refused": [], "unchanged": []}, "results": [], "recovered": [], "run": "", "runs": [], "verification": []}


def copy(case="demo", name="ds"):
    return copy_folder(SOURCE / "fixtures" / case, WORK / name)


def outcomes(document):
    return [(r["outcome"], r["reason"]) for r in document["results"]]


def stop_in_the_middle(folder, verb="reset", vm="one", who="me"):
    """Killed when the first CTK file goes aside."""
    run(verb, folder, "--vm", vm, "--yes", who=who, before=["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:signal=SIGKILL:when=1"])
    expect("it was stopped", (folder / vm / ".cbtctl/lock").is_dir())


# A run that was stopped is found by whoever writes next, and nobody else touches it.
ds = copy("healthy")
before = picture(ds)
stop_in_the_middle(ds)
middle = picture(ds)
expect("it was stopped half-way", middle != before)
expect("reading verbs leave it", run("check", ds).returncode in (0, 4) and run("scan", ds).returncode == 0 and picture(ds) == middle)
dry = told("disable", ds, "--dry-run")
expect("a dry run tells it and leaves it", ("one/one.vmx", "locked") in [(r["vm"], r["reason"]) for r in dry["plan"]["refused"]] and picture(ds) == middle, dry["plan"])
asked = run("disable", ds)
expect("without --yes and a terminal nothing is done", asked.returncode == 16 and picture(ds) == middle, asked.stderr)
expect("purge leaves it", run("purge", ds, "--older-than", "0", "--yes").returncode == 4 and picture(ds) == middle and (ds / "one/.cbtctl/lock").is_dir())
other = told("disable", ds, "--vm", "three", "--yes", who="another")
expect("another administrator's verb takes it back", [r["outcome"] for r in other["recovered"]] == ["rolled-back"] and picture(ds) == before, other["recovered"])
expect("and leaves no trace", not list(ds.rglob(".cbtctl")), list(ds.rglob(".cbtctl")))
expect("the first one's history calls it unfinished", any(m["outcome"] == "unfinished" for r in told("history")["runs"] for m in r["machines"]))

# The same by undo, and by apply.
for verb in ("undo", "apply"):
    ds = copy("healthy")
    before = picture(ds)
    plan = WORK / f"{verb}.json"
    run("disable", ds, "--vm", "one", "--plan-out", plan)
    stop_in_the_middle(ds)
    answer = told("undo", "--yes") if verb == "undo" else told("apply", plan, "--yes")
    expect(f"{verb} finds it", [r["outcome"] for r in answer["recovered"]] == ["rolled-back"], answer)
    expect(f"{verb} puts it right", picture(ds) == before if verb == "undo" else outcomes(answer) == [("changed", None)], answer)

# The VM ran meanwhile: the run is finished from what is found.
ds = copy("healthy")
stop_in_the_middle(ds)
(ds / "one/one.vmx").write_text((ds / "one/one.vmx").read_text() + 'vmci0.id = "1"\n')  # as ESXi rewrites it
(ds / "one/vmware.log").write_text("VMX exit (0).\n")
answer = told("disable", ds, "--vm", "three", "--yes")
recovered = answer["recovered"][0]
expect("it goes forward", recovered["outcome"] == "changed" and "finished as run" in recovered["message"], recovered)
state = told("scan", ds)["virtual_machines"]
expect("to what was promised", [d["cbt"]["state"] for m in state if m["config_path"] == "one/one.vmx" for d in m["disks"]] == ["pending"] and not (ds / "one/one-ctk.vmdk").exists())
expect("ESXi's line stayed", "vmci0.id" in (ds / "one/one.vmx").read_text())
# While it runs nobody touches it.
ds = copy("healthy")
stop_in_the_middle(ds)
(ds / "one/one.vmx.lck").touch()
middle = picture(ds)
answer = told("disable", ds, "--vm", "three", "--yes", status=4)
expect("a machine that is locked waits", answer["recovered"][0]["reason"] == "locked" and picture(ds) == middle, answer["recovered"])

# A lock that nobody can account for is told and never broken, but by the operator's word.
ds = copy("healthy")
(ds / "one/.cbtctl/lock").mkdir(parents=True)
before = picture(ds)
answer = told("reset", ds, "--vm", "one", "--yes", status=4)
expect("a lock made by hand stays", (ds / "one/.cbtctl/lock").is_dir() and picture(ds) == before, answer)
expect("and is told", "locked" in {r["reason"] for r in answer["plan"]["refused"]}, answer["plan"])
answer = told("reset", ds, "--vm", "one", "--yes", "--take-over", "one/.cbtctl", status=0)
expect("--take-over breaks it", outcomes(answer) == [("changed", None)], answer)
foreign = ds / "one/.cbtctl/lock/20260101T000000Z-abcd.12-34-deadbeef-00000000-00000000.one.vmx"
foreign.parent.mkdir()
foreign.touch()
answer = told("disable", ds, "--vm", "one", "--yes", status=4)
expect("a run on another machine is never broken", foreign.exists() and "20260101T000000Z-abcd" in answer["plan"]["refused"][0]["message"], answer["plan"])

# Undo: by another administrator, at another mount point, one VM of many, once only.
ds = copy()
before = picture(ds)
changed = told("disable", ds, "--vm", "app01", "--vm", "rdm", "--vm", "old01", "--yes", status=0)
identity = changed["run"]
expect("undo of a run that is not recorded: 16", run("undo", identity, "--yes", who="another").returncode == 16)
partly = told("undo", identity, "--vm", "rd?", "--yes", status=0)
expect("undo --vm takes one back", [r["vm"] for r in partly["results"]] == ["rdm/rdm.vmx"] and picture(ds)["rdm/rdm.vmx"] == before["rdm/rdm.vmx"])
expect("and leaves the others", picture(ds)["app01/app01.vmx"] != before["app01/app01.vmx"])
elsewhere = WORK / "mnt/other"
elsewhere.parent.mkdir(exist_ok=True)
shutil.rmtree(elsewhere, ignore_errors=True)
os.rename(ds, elsewhere)
dry = told("undo", identity, elsewhere, "--dry-run", who="another", status=0)
expect("the plan of an undo restores", {c["kind"] for c in dry["plan"]["changes"]} == {"restore"}, dry["plan"])
first = next(c for c in dry["plan"]["changes"] if c["path"] == "app01/app01.vmx")
expect("from what is there", first["sha256_before"] == hashlib.sha256((elsewhere / "app01/app01.vmx").read_bytes()).hexdigest())
listed = told("history", elsewhere, who="another")
expect("history reads the datastore's copies", {m["vm"] for r in listed["runs"] for m in r["machines"]} == {"app01/app01.vmx", "old01/old01.vmx"}, listed)
undone = told("undo", identity, elsewhere / "app01", "--yes", who="another", status=0)
expect("undo in one folder of it", [r["outcome"] for r in undone["results"]] == ["restored"], undone)
undone = told("undo", elsewhere, "--yes", who="another", status=0)
expect("undo by the target alone", [r["outcome"] for r in undone["results"]] == ["restored"] and picture(elsewhere) == before, undone)
expect("nothing is left", not [p for p in elsewhere.rglob(".cbtctl") if p.parent.name != "app01"])
os.rename(elsewhere, ds)
again = told("undo", identity, "--yes")
expect("its own operator sees that files are as they were", picture(ds) == before and outcomes(again).count(("restored", None)) == 0, again)
expect("--detailed-exitcode", run("disable", ds, "--vm", "rdm", "--yes", "--detailed-exitcode").returncode == 1 and run("undo", "--yes", "--detailed-exitcode").returncode == 1)
nothing = told("undo", told("history")["runs"][-1]["id"], "--yes", status=0)
expect("taken back already", nothing["plan"]["unchanged"][0]["message"] == "it was taken back already", nothing["plan"])

# Step by step, and the proof after a power-on.
ds = copy("healthy")
identity = told("reset", ds, "--vm", "one", "--yes", status=0)["run"]
story = told("history", identity, status=0)["runs"][0]
expect("step by step", [s["what"] for s in story["steps"]] == ["begin", "edit", "edit", "quarantine", "edit", "changed"], story["steps"])
expect("with digests", all(len(s["sha256_before"]) == 64 for s in story["steps"][1:5]) and story["steps"][1]["sha256_after"] != story["steps"][1]["sha256_before"])
proof = told("history", identity, "--verify", status=0)["verification"][0]
expect("not powered on yet", proof["verdict"].startswith("not started yet") and proof["change_id_before"].startswith("52 de c0"), proof)
kept = next((ds / "one/.cbtctl" / identity).glob("one-ctk.vmdk")).read_bytes()
descriptor = ds / "one/one.vmdk"
descriptor.write_text(descriptor.read_text().replace("version=1", "version=3") + '\n# Change Tracking File\nchangeTrackPath="one-ctk.vmdk"\n')
for uuid, verdict in ((bytes(range(16)), "restarted, proven"), (kept[44:60], "not restarted: the UUID is the old one")):
    (ds / "one/one-ctk.vmdk").write_bytes(kept[:44] + uuid + kept[60:])
    proof = told("history", identity, "--verify", status=0)["verification"][0]
    expect(verdict, proof["verdict"] == verdict, proof)
    expect("in words too", verdict in run("history", identity, "--verify").stdout)
expect("--verify needs a run", run("history", "--verify").returncode == 16)
expect("also from the datastore alone", told("history", identity, ds, "--verify", who="another")["verification"][0]["verdict"].startswith("not restarted"))
expect("undo refuses: ran-since", outcomes(told("undo", identity, "--yes", status=4)) == [("refused", "ran-since")])

# Words of honour are the operator's, and are recorded.
ds = copy("healthy")
vmx = ds / "one/one.vmx"
vmx.write_text(vmx.read_text().replace('cleanShutdown = "TRUE"', 'cleanShutdown = "FALSE"'))
expect("not proven off", [r["reason"] for r in told("disable", ds, "--vm", "one", "--yes")["plan"]["refused"]] == ["power-unknown"])
vouched = told("disable", ds, "--vm", "one", "--yes", "--assume-powered-off", "one", "--assume-unregistered", "one/one.vmx", status=0)
expect("vouched for", outcomes(vouched) == [("changed", None)])
expect("registered nowhere: nothing to reload", vouched["results"][0]["follow_up"] == [])
machine = told("history", vouched["run"])["runs"][0]["machines"][0]
expect("both words are recorded", machine["assumed_powered_off"] and machine["assumed_unregistered"], machine)
expect("undo goes by the recorded word", outcomes(told("undo", vouched["run"], "--yes")) == [("restored", None)])
reloaded = told("disable", ds, "--vm", "one", "--yes", "--assume-powered-off", "one")
expect("else the reload is told", "vmsvc/reload" in reloaded["results"][0]["follow_up"][0])

# A plan that is applied later meets every guard again.
for name, meddle in {
    "locked": lambda ds: (ds / "one/one.vmx.lck").touch(),
    "has-snapshots": lambda ds: (ds / "one/one.vmsd").write_text((ds / "two/two.vmsd").read_text().replace("two", "one")),
    "shared-disk": lambda ds: (ds / "three/thief.vmx").write_text((ds / "three/three.vmx").read_text().replace("three.vmdk", "../one/one.vmdk")),
    "changed-meanwhile": lambda ds: (ds / "one/one.vmdk").write_text((ds / "one/one.vmdk").read_text() + "\n"),
}.items():
    ds = copy("healthy")
    plan = WORK / f"{name}.json"
    plan.unlink(missing_ok=True)
    run("disable", ds, "--vm", "one", "--plan-out", plan)
    meddle(ds)
    before = picture(ds)
    late = told("apply", plan, "--yes", status=4)
    expect(f"apply: {name}", outcomes(late) == [("refused", name)] and picture(ds) == before and not list(ds.rglob(".cbtctl")), late)
# clean is applied only as long as nothing names the file.
ds = copy()
plan = WORK / "clean.json"
run("clean", ds, "--plan-out", plan)
(ds / "far/backup.vmdk.bak").write_text((ds / "app01/app01.vmdk").read_text().replace("app01-ctk.vmdk", "../old02/old02-ctk.vmdk"))
late = told("apply", plan, "--yes", status=4)
expect("apply of a clean: a descriptor elsewhere names the file now", (ds / "old02/old02-ctk.vmdk").exists() and ("refused", "changed-meanwhile") in outcomes(late), late)

# What is told is what is there, and what is done is what was told.
ds = copy()
planned = told("reset", ds, "--vm", "app01", "--dry-run")["plan"]["changes"]
for change in planned:
    if change["kind"] == "quarantine" or change is planned[0]:
        expect(f"digest of {change['path']}", change["sha256_before"] == hashlib.sha256((ds / change["path"]).read_bytes()).hexdigest())
really = told("reset", ds, "--vm", "app01", "--yes")["plan"]["changes"]
expect("a dry run prints the same plan", planned == really)
aside = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (ds / "app01/.cbtctl").rglob("*") if p.is_file()}
expect("moved aside and old bytes are in the run's folder", all(aside.get(Path(c["path"]).name) == c["sha256_before"] for c in planned[:5]), aside)

# Selection.
ds = copy()
expect("clean --vm stays in the VM's folder", [c["path"] for c in told("clean", ds, "--vm", "app01", "--dry-run")["plan"]["changes"]] == ["app01/app01-000002-ctk.vmdk"])
expect("a slot that is not there", told("disable", ds, "--vm", "app01", "--disk", "scsi3:3", "--dry-run")["plan"]["unchanged"] == [])
(WORK / "targets").write_text(f"# two\n{ds}/app01\n{ds}/rdm/rdm.vmx\n")
two = told("disable", "--targets-file", WORK / "targets", "--jobs", "2", "--dry-run", status=0)
expect("--targets-file", {(c["target"], c["vm"]) for c in two["plan"]["changes"]} == {(0, "app01.vmx"), (1, "rdm.vmx")}, two["plan"])
mapped = told("reset", ds, "--vm", "far", "--map", f"/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7={ds}", "--yes", status=0)
expect("--map brings a disk into the scan", outcomes(mapped) == [("changed", None)] and not (ds / "far-data/far-ctk.vmdk").exists(), mapped)

# Purge: what is old, of these VMs, for good.
ds = copy("healthy")
run("disable", ds, "--vm", "one", "--yes")
run("enable", ds, "--vm", "three", "--yes")
expect("young runs stay", told("purge", ds, "--yes")["runs"] == [] and (ds / "one/.cbtctl").exists())
expect("without agreement: 16", run("purge", ds, "--older-than", "0").returncode == 16 and (ds / "one/.cbtctl").exists())
shown = told("purge", ds, "--older-than", "0", "--vm", "three", "--dry-run", status=0)
expect("purge --vm", [r["path"].split("/")[0] for r in shown["runs"]] == ["three"] and not shown["runs"][0]["deleted"], shown)
gone = told("purge", ds, "--older-than", "0", "--vm", "one", "--yes", status=0)
expect("purge deletes these", gone["runs"][0]["deleted"] and gone["runs"][0]["files"] == 4 and not (ds / "one/.cbtctl").exists() and (ds / "three/.cbtctl").exists(), gone)
expect("undo of what was purged is refused", outcomes(told("undo", told("history")["runs"][-2]["id"], "--yes", status=4)) == [("refused", "changed-meanwhile")])
expect("purge --disk makes no sense", run("purge", ds, "--disk", "scsi0:0").returncode == 16)

# A journal that cannot be written stops everything before it begins.
ds = copy("healthy")
before = picture(ds)
(WORK / "state-broken").write_text("a file")
broken = run("disable", ds, "--vm", "one", "--yes", who="broken")
expect("no journal, no change", broken.returncode == 8 and picture(ds) == before and not list(ds.rglob(".cbtctl")), broken.stderr)

# Ctrl-C: the machine at work is brought to its end, the rest is not begun.
ds = copy()
environment = {**os.environ, "XDG_STATE_HOME": str(WORK / "state-me")}
process = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:signal=SIGINT:when=1", CBTCTL, "disable", str(ds), "--yes", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, stdin=subprocess.DEVNULL)
output, _ = process.communicate(timeout=120)
cancelled = json.loads(output)
kinds = [r["outcome"] for r in cancelled["results"]]
expect("Ctrl-C ends with 32", process.returncode & 32 and cancelled["exit_status"] == process.returncode, process.returncode)
expect("one was finished, the rest not begun", kinds[0] == "changed" and set(kinds[1:]) == {"cancelled"}, kinds)
expect("no lock stays", not list(ds.rglob("lock")))
rest = told("disable", ds, "--yes")
expect("running again does only what is left", kinds.count("cancelled") == len(rest["results"]) and {r["outcome"] for r in rest["results"]} == {"changed"}, rest["results"])
finish(at_least=90)
