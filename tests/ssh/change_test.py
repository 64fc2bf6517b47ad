#!/usr/bin/python3
"""reset, disable, enable, clean, repair, apply, undo, history and purge on a stand-in host, and every reason to refuse.

usage: change_test.py CBTCTL SOURCE_DIR
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema

from machines import make_machine, put_back, tracking
from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402
from folders import picture, scratch_folder  # noqa: E402
from schema_parts import load_schema  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
WORK = scratch_folder("ssh-change")


def run(host, *words, who="me", target="/vmfs/volumes/ds", targets=True):
    words = [*map(str, words), *([host.target(target)] if targets else []), "--ssh-config", str(host.ssh_config)]
    environment = {**os.environ, "XDG_STATE_HOME": str(WORK / f"state-{who}")}
    return subprocess.run([CBTCTL, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, timeout=180)


def document(host, *words, schema="change", **more):
    found = run(host, *words, "--json", **more)
    try:
        text = json.loads(found.stdout)
    except ValueError:
        expect(f"{words} prints JSON", False, f"{found.stdout[:300]} {found.stderr}")
        return {"plan": {"changes": [], "refused": [], "unchanged": []}, "results": [], "exit_status": found.returncode}
    for error in jsonschema.Draft7Validator(load_schema(schema)).iter_errors(text):
        expect(f"{words} keeps its schema: {'/'.join(map(str, error.path))}", False, error.message)
    return text


def states(host, target="/vmfs/volumes/ds"):
    found = json.loads(run(host, "scan", "--json", target=target).stdout)
    return {(vm["config_path"], disk["slot"]): disk["cbt"]["state"] for vm in found["virtual_machines"] for disk in vm["disks"]}


def codes(host):
    found = json.loads(run(host, "check", "--json").stdout)
    return [finding["code"] for finding in found["findings"] if not finding["code"].startswith("advisory-")]


def waits(found):
    return int(re.search(r"after the login (\d+) waits", found.stderr).group(1))


def loaded(host, name):
    return host.ssh(f"vim-cmd vmsvc/get.config {host.id_of(name)} | grep changeTracking").stdout.strip()


def check_verbs(host, volume, pristine):
    before = picture(volume)
    for verb, state, is_on in (("reset", "pending", "true"), ("disable", "off", "false")):
        report = document(host, verb, "--yes")
        outcomes = [(r["vm"], r["outcome"], r["follow_up"]) for r in report["results"]]
        expect(f"{verb} is done", outcomes == [("x/x.vmx", "changed", []), ("y/y.vmx", "changed", [])], report)
        expect(f"{verb} ends with 0", report["exit_status"] == 0, report["exit_status"])
        expect(f"{verb} leads to {state}", set(states(host).values()) == {state}, states(host))
        expect(f"{verb} is read by the host", loaded(host, "x") == f"changeTrackingEnabled = {is_on}", loaded(host, "x"))
        after = picture(volume)
        expect(f"{verb} keeps modes and owners", all(after[p][:3] == before[p][:3] for p in after), after)
        expect(f"{verb} moves the CTK files", not any(p.endswith("-ctk.vmdk") for p in after), after)
        kept = sorted(p.name for p in volume.glob("x/.cbtctl/*/*"))
        expect(f"{verb} keeps what it changed", kept == ["x-ctk.vmdk", "x.vmdk", "x.vmx", "x.vmx.plan.json", "x_1-ctk.vmdk", "x_1.vmdk"], kept)
        again = document(host, verb, "--yes")
        expect(f"{verb} again changes nothing", not again["plan"]["changes"] and len(again["plan"]["unchanged"]) == 2, again)
        undone = document(host, "undo", "--yes", who="me", targets=False)
        expect(f"undo of {verb}", [r["outcome"] for r in undone["results"]] == ["restored", "restored"], undone)
        expect(f"undo of {verb} restores every byte", picture(volume) == before, "")
        expect(f"undo of {verb} is read by the host", loaded(host, "x") == "changeTrackingEnabled = true", loaded(host, "x"))
        expect(f"undo of {verb} leaves nothing", not list(volume.rglob(".cbtctl")), list(volume.rglob(".cbtctl")))
        put_back(pristine, volume)


def check_one_disk(host, volume, pristine):
    report = document(host, "disable", "--disk", "scsi0:1", "--vm", "x", "--yes")
    expect("disable --disk", report["exit_status"] == 0, report)
    found = states(host)
    expect("disable --disk leaves the other", (found["x/x.vmx", "scsi0:0"], found["x/x.vmx", "scsi0:1"]) == ("tracked", "off"), found)
    report = document(host, "enable", "--vm", "x", "--yes")
    found = states(host)
    expect("enable leaves what is tracked", (found["x/x.vmx", "scsi0:0"], found["x/x.vmx", "scsi0:1"]) == ("tracked", "pending"), found)
    put_back(pristine, volume)


def check_clean_and_purge(host, volume, pristine):
    (volume / "x/gone-ctk.vmdk").write_bytes(tracking())
    young = document(host, "clean", "--yes")
    expect("clean leaves what is young", [r["reason"] for r in young["plan"]["refused"]] == ["too-young"], young)
    cleaned = document(host, "clean", "--yes", "--min-age", "0")
    expect("clean", [r["outcome"] for r in cleaned["results"]] == ["changed"] and not (volume / "x/gone-ctk.vmdk").exists(), cleaned)
    asked = run(host, "purge", "--older-than", "0")
    expect("purge asks", asked.returncode == 16 and list(volume.rglob("gone-ctk.vmdk")), asked)
    purged = run(host, "purge", "--older-than", "0", "--yes")
    expect("purge deletes", purged.returncode == 0 and not list(volume.rglob("gone-ctk.vmdk")), purged)
    put_back(pristine, volume)


def check_repair(host, volume, pristine):
    (volume / "x/x-ctk.vmdk").unlink()
    before = picture(volume)
    expect("check finds it", codes(host) == ["ctk-missing"], codes(host))
    report = document(host, "repair", "--yes")
    expect("repair", [r["outcome"] for r in report["results"]] == ["changed"], report)
    expect("check finds it gone, and nothing new", set(codes(host)) == {"cbt-pending"}, codes(host))
    run(host, "undo", "--yes", targets=False)
    expect("undo of repair", picture(volume) == before, "")
    put_back(pristine, volume)


def check_apply(host, volume, pristine):
    plan = WORK / "plan.json"
    expect("plan-out", run(host, "reset", "--plan-out", plan).returncode == 0 and plan.exists(), "")
    expect("plan-out changes nothing", picture(volume) == picture(pristine), "")
    with open(volume / "y/y.vmx", "a") as file:
        file.write('annotation = "changed"\n')
    applied = document(host, "apply", plan, "--yes", targets=False)
    outcomes = [(r["vm"], r["outcome"]) for r in applied["results"]]
    expect("apply", outcomes == [("x/x.vmx", "changed"), ("y/y.vmx", "refused")] and applied["exit_status"] == 4, applied)
    put_back(pristine, volume)


def check_history(host, volume, pristine):
    run(host, "reset", "--vm", "x", "--yes", who="historian")
    run_id = next(p.name for p in (WORK / "state-historian/cbtctl").iterdir())
    listed = run(host, "history", who="historian", targets=False)
    expect("history lists it", run_id in listed.stdout, listed)
    elsewhere = run(host, "history", who="another")
    expect("history on the host lists it", run_id in elsewhere.stdout, elsewhere)
    told = json.loads(run(host, "history", run_id, "--verify", "--json", who="historian", targets=False).stdout)
    expect("verify before the power-on", {p["verdict"] for p in told["verification"]} == {"not started yet: power the VM on"}, told["verification"])
    for base, seed in (("x", 40), ("x_1", 41)):
        text = (volume / f"x/{base}.vmdk").read_text()
        text = text.replace("version=1", "version=3").replace("# The Disk", f'# Change Tracking File\nchangeTrackPath="{base}-ctk.vmdk"\n\n# The Disk')
        (volume / f"x/{base}.vmdk").write_text(text)
        (volume / f"x/{base}-ctk.vmdk").write_bytes(tracking(seed=seed))
    told = json.loads(run(host, "history", run_id, "--verify", "--json", who="historian", targets=False).stdout)
    expect("verify after it", {p["verdict"] for p in told["verification"]} == {"restarted, proven"}, told["verification"])
    undone = document(host, "undo", run_id, "--yes", who="another")
    expect("no undo once it ran", [r["reason"] for r in undone["results"]] == ["ran-since"] and undone["exit_status"] == 4, undone)
    put_back(pristine, volume)


def refused(host, verb="reset", *words):
    report = document(host, verb, "--yes", "--vm", "x", *words)
    return [r["reason"] for r in report["plan"]["refused"]] + [r["reason"] for r in report.get("results", []) if r["outcome"] == "refused"]


def check_refusals(host, volume, pristine):
    """What only a host knows; each with everything as it was after it."""
    state = host.state.read_text()
    flat = "/vmfs/volumes/ds/x/x-flat.vmdk"
    mac = "00:50:56:aa:bb:cc"
    number = host.id_of("x")
    cases = [("powered-on", lambda: host.set_power("x", "on")),
             ("locked", lambda: host.add("lock", flat, 1, mac)),
             ("locked", lambda: host.add("lock", flat, 2, mac)),
             ("locked", lambda: host.add("lock", "/vmfs/volumes/ds/x/x.vmx", 1, mac)),
             ("pending-task", lambda: host.add("task", number, f"haTask-{number}-vim.VirtualMachine.createSnapshot-3887")),
             ("not-registered", lambda: host.unregister("x"))]
    for reason, make in cases:
        make()
        before = picture(volume)
        found = refused(host)
        expect(f"refused as {reason}", found == [reason], found)
        expect(f"{reason}: untouched", picture(volume) == before, "")
        host.state.write_text(state)
    host.unregister("x")
    report = document(host, "reset", "--yes", "--vm", "x", "--assume-unregistered", "x")
    expect("--assume-unregistered", [r["outcome"] for r in report["results"]] == ["changed"], report)
    undone = document(host, "undo", "--yes", targets=False)
    expect("its undo", [r["outcome"] for r in undone["results"]] == ["restored"] and picture(volume) == picture(pristine), undone)
    put_back(pristine, volume)
    host.state.write_text(state)
    host.add("quirk", "no-locks")  # as NFS 4.1: a host that has it registered and off is proof enough
    expect("no locks to ask, registered", refused(host, "reset", "--dry-run") == [], "")
    host.unregister("x")
    expect("no locks to ask, not registered", refused(host) == ["not-registered"], refused(host))
    host.state.write_text(state)
    host.answer(f"vim-cmd vmsvc/reload {number}", "(vim.fault.InvalidState) {\n   msg = \"no\"\n}\n", status=1)
    report = document(host, "reset", "--yes", "--vm", "x")
    expect("a reload that fails is no success", report["exit_status"] == 8 and [r["outcome"] for r in report["results"]] == ["failed"], report)
    for planned in host.answers.iterdir():
        planned.unlink()
    recovered = document(host, "disable", "--vm", "nobody", "--yes")
    expect("it is put right later", picture(volume) == picture(pristine) and recovered["exit_status"] == 0, recovered)
    put_back(pristine, volume)


def check_outside(host, volume, pristine):
    """No write goes through a link, nor out of the target."""
    for name in ("x.vmdk", "x-ctk.vmdk"):
        (host.root / "tmp" / name).write_bytes((volume / "x" / name).read_bytes())
        (volume / "x" / name).unlink()
        (volume / "x" / name).symlink_to(f"/tmp/{name}")
        before, outside = picture(volume), (host.root / "tmp" / name).read_bytes()
        report = document(host, "reset", "--yes", "--vm", "x")
        same = picture(volume) == before and (host.root / "tmp" / name).read_bytes() == outside
        expect(f"{name} is a link that leads out", report["exit_status"] & 4 and same, report)
        put_back(pristine, volume)


def check_names(host, volume, pristine):
    name = "odd '$(touch gone)` [x] 100%\\"
    make_machine(volume / name, "odd")
    before = picture(volume)
    report = document(host, "reset", "--yes", "--vm", "odd", "--assume-unregistered", "odd")
    expect("an odd name", [r["outcome"] for r in report["results"]] == ["changed"], report)
    document(host, "undo", "--yes", targets=False)
    expect("an odd name is undone", picture(volume) == before, "")
    put_back(pristine, volume)


def check_volumes_root(host, volume, pristine):
    before = picture(volume)
    report = document(host, "reset", "--yes", target="/vmfs/volumes")
    expect("reset of all volumes", sorted(r["vm"] for r in report["results"] if r["outcome"] == "changed") == ["ds/x/x.vmx", "ds/y/y.vmx"], report)
    undone = document(host, "undo", "--yes", target="/vmfs/volumes", who="another")
    expect("undone by another administrator", picture(volume) == before, undone)
    put_back(pristine, volume)


def check_waits(host, volume, pristine):
    """So many times a run waits for the host, for each machine more."""
    one = run(host, "reset", "--yes", "--vm", "x", "--verbose")
    put_back(pristine, volume)
    two = run(host, "reset", "--yes", "--verbose")
    put_back(pristine, volume)
    each = waits(two) - waits(one)
    expect("at most 20 waits for a machine with two disks", 0 < each <= 20, f"{waits(one)} and {waits(two)}")
    print(f"change_test: a reset waits {each} times for a machine with two disks, {waits(one)} times for one alone with its plan")


def check_mount_and_host(host, volume, pristine):
    """A run over SSH is undone on a mount."""
    before = picture(volume)
    document(host, "reset", "--yes", "--vm", "x")
    undone = subprocess.run([CBTCTL, "undo", str(volume), "--yes"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            env={**os.environ, "XDG_STATE_HOME": str(WORK / "state-mount")}, timeout=60)
    expect("undone on a mount", undone.returncode == 0 and picture(volume) == before, undone)
    put_back(pristine, volume)


def main():
    pristine = WORK / "ds"
    make_machine(pristine / "x", "x")
    make_machine(pristine / "y", "y")
    for profile in ("8.0", "6.0"):
        with Standin(SOURCE, profile=profile, datastores=[f"ds={pristine}"]) as host:
            volume = host.volume("ds")
            check_verbs(host, volume, pristine)
            if profile == "6.0":
                continue
            for check in (check_one_disk, check_clean_and_purge, check_repair, check_apply, check_history, check_refusals, check_outside,
                          check_names, check_volumes_root, check_waits, check_mount_and_host):
                check(host, volume, pristine)
    finish(at_least=80)


main()
