#!/usr/bin/python3
"""scan and check on a stand-in of each release: what only a host knows is told, and everything else is what a mount tells.

usage: host_test.py CBTCTL SOURCE_DIR
"""
import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import jsonschema

from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402
from schema_parts import load_schema  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
DEMO = SOURCE / "fixtures/demo"
DEMO_UUID = "661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7"  # absolute paths inside the demo's files name it


def run(host, verb, *arguments, target="/vmfs/volumes/demo"):
    arguments = [CBTCTL, verb, host.target(target), "--ssh-config", host.ssh_config, *map(str, arguments)]
    return subprocess.run(arguments, capture_output=True, timeout=120)


def document(host, verb, *arguments, **more):
    found = run(host, verb, "--json", *arguments, **more)
    text = json.loads(found.stdout)
    errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in
              jsonschema.Draft7Validator(load_schema(verb)).iter_errors(text)]
    expect(f"{verb} keeps its schema", not errors, errors)
    return text


def mounted(verb, folder=DEMO):
    return json.loads(subprocess.run([CBTCTL, verb, folder, "--json"], capture_output=True, timeout=120).stdout)


def shared(report):
    """The report without what only a host knows: section 1 of the contract."""
    report = copy.deepcopy(report)
    report["targets"] = len(report["targets"])
    for machine in report.get("virtual_machines", []):
        machine["power"] = None
        for disk in machine["disks"]:
            disk["cbt"]["star_query"] = None
            for link in disk["chain"]:
                link.pop("resolved_by", None)  # on a host the volume is known
                (link.get("ctk") or {}).pop("resolved_by", None)
                for extent in link.get("extents", []):
                    extent.pop("resolved_by", None)
    if "findings" in report:
        report["findings"] = [f for f in report["findings"] if not f["code"].startswith("advisory")]
        report["skipped"] = [s for s in report["skipped"] if not s["what"].startswith("advisories for ")]
    return report


def differs(a, b, where=""):
    """The first place where two documents differ."""
    if type(a) is not type(b):
        return f"{where}: {a!r} and {b!r}"
    if isinstance(a, dict):
        for key in sorted(a.keys() | b.keys()):
            if a.get(key) != b.get(key):
                return differs(a.get(key), b.get(key), f"{where}/{key}")
    if isinstance(a, list):
        if len(a) != len(b):
            return f"{where}: {len(a)} and {len(b)} members"
        for i, (left, right) in enumerate(zip(a, b)):
            if left != right:
                return differs(left, right, f"{where}/{i}")
    return "" if a == b else f"{where}: {a!r} and {b!r}"


def power(report, name):
    return next(vm["power"] for vm in report["virtual_machines"] if vm["name"] == name)


def test_release(release):
    with Standin(SOURCE, release, [f"demo::{DEMO_UUID}={DEMO}"]) as host:
        scan = document(host, "scan")
        for verb in ("scan", "check"):
            found = differs(shared(document(host, verb)), shared(mounted(verb)))
            expect(f"{release}: {verb} is the same as on a mount", not found, found)
        target = scan["targets"][0]
        expect(f"{release}: the host is told", target["host"]["product"] == "VMware ESXi" and
               target["host"]["version"].startswith(release), target["host"])
        inventory = target["inventory"]
        expect(f"{release}: every question is answered", inventory["unanswered"] == [], inventory["unanswered"])
        expect(f"{release}: all that is registered is found", inventory["registered"] and
               all(vm["config_path"] and not vm["missing"] for vm in inventory["registered"]), inventory["registered"])
        expect(f"{release}: the VM that the host cannot read", len(inventory["invalid_ids"]) == 1)
        expect(f"{release}: and that is not registered as a VM", inventory["not_registered"] == ["zeros/zeros.vmx"],
               inventory["not_registered"])
        expect(f"{release}: the datastore", inventory["datastores"] == [
            {"name": "demo", "uuid": DEMO_UUID, "type": "VMFS-5" if release == "6.0" else "VMFS-6"}], inventory["datastores"])
        star = [disk["cbt"]["star_query"] for vm in scan["virtual_machines"] for disk in vm["disks"]]
        expect(f"{release}: '*' is usable on VMFS", any(s["usable"] for s in star), star[:3])
        expect(f"{release}: a running VM", power(scan, "half")["state"] == "on", power(scan, "half"))
        expect(f"{release}: by its process", "esxcli vm process list" in power(scan, "half")["evidence"][0])

        host.set_power("half", "off")
        crashed = power(document(host, "scan"), "half")
        expect(f"{release}: after a crash the locks tell", crashed["state"] == "off" and
               any("half.vmx.lck is not locked (vmkfstools -D)" in sign for sign in crashed["evidence"]), crashed)
        host.add("lock", "/vmfs/volumes/demo/half/half.vmx.lck", 1, "00:50:56:aa:bb:cc")
        host.unregister("half")
        elsewhere = power(document(host, "scan"), "half")
        expect(f"{release}: another host's lock", elsewhere["state"] == "on" and
               any("locked exclusive by 00:50:56:aa:bb:cc" in sign for sign in elsewhere["evidence"]), elsewhere)
        expect(f"{release}: it is not registered here",
               any("not registered on" in sign for sign in elsewhere["evidence"]), elsewhere)

        shutil.rmtree(host.volume("demo") / "fresh")
        lost = document(host, "scan")["targets"][0]["inventory"]
        expect(f"{release}: registered and not found",
               [vm["name"] for vm in lost["registered"] if vm["missing"]] == ["fresh"], lost["registered"])
        expect(f"{release}: check tells it too", any(
            "fresh/fresh.vmx" in s["what"] and "is registered on" in s["why"] for s in document(host, "check")["skipped"]))
        text = run(host, "scan").stdout.decode()
        expect(f"{release}: and the table", "registered, not found: 9 fresh: /vmfs/volumes/demo/fresh/fresh.vmx" in text and
               f"VMware ESXi {target['host']['version']} build {target['host']['build']}" in text, text)


def test_quirks():
    with Standin(SOURCE, "7.0", [f"demo::{DEMO_UUID}={DEMO}"]) as host:
        host.change_state(lambda lines: [f[:7] + ["first line\\n\\n  12     x   half a row\\n7 [demo] no row"] if f[0] == "vm"
                                         else f for f in lines])
        plain = document(host, "scan")
        expect("notes over many lines are no VMs", plain["targets"][0]["inventory"]["unanswered"] == [] and
               len(plain["targets"][0]["inventory"]["registered"]) == 22, len(plain["targets"][0]["inventory"]["registered"]))
        table = host.ssh("vim-cmd vmsvc/getallvms").stdout.replace("\n", "\\n")
        host.change_state(lambda lines: [f[:7] + [table] if f[:1] == ["vm"] and f[1] == host.id_of("half") else f for f in lines])
        expect("nor is the table itself in a note", document(host, "scan") == plain)
        host.add("vm", "98", "off", "[otherds] x/x.vmx", "elsewhere", "otherGuest", "vmx-13", "")
        far = run(host, "scan", target="/vmfs/volumes").stdout.decode()
        expect("a VM on no datastore of the host is told", "registered, on no datastore of this host: 98 elsewhere: /vmfs/volumes/otherds/x/x.vmx" in far, far)
        expect("where the whole host is asked for", "elsewhere" not in run(host, "scan").stdout.decode())
        host.change_state(lambda lines: [f for f in lines if f[:2] != ["vm", "98"]])
        host.add("quirk", "crlf")
        expect("CRLF changes nothing", document(host, "scan") == plain)
        host.change_state(lambda lines: [f for f in lines if f != ["quirk", "crlf"]])
        host.add("quirk", "locks-in-log")
        host.set_power("half", "off")
        asked = power(document(host, "scan"), "half")
        expect("where vmkfstools logs alone, vmfsfilelockinfo tells",
               any("(vmfsfilelockinfo -p)" in sign for sign in asked["evidence"]), asked)
        host.add("quirk", "no-locks")
        unasked = power(document(host, "scan"), "half")
        expect("where no lock can be asked, files count", unasked["state"] == "on" and
               any("cannot be asked" in sign for sign in unasked["evidence"]), unasked)

        for command, words in (("vim-cmd vmsvc/getallvms", "registered virtual machines"),
                               ("esxcli vm process list", "running virtual machines"),
                               ("esxcli storage filesystem list", "datastores"),
                               ("vim-cmd vimsvc/task_list", "tasks"), ("vmware -v", "version and build")):
            host.answer(command, "Aucune réponse\nn'est connue\n")
            found = document(host, "scan")["targets"][0]
            stopped = [u["question"] for u in found["inventory"]["unanswered"]]
            expect(f"an unknown answer of {command} stops that question alone", stopped == [words], stopped)
            same = differs(shared(document(host, "scan")), shared(mounted("scan")))
            expect(f"and never the scan ({command})", not same or "resolved_by" in same, same)
            (host.answers / command.replace("/", "_").replace(" ", "_")).unlink()
        host.answer("vim-cmd vmsvc/getallvms", "(vim.fault.NoPermission) {\n   faultMessage = <unset>, \n   msg = \"denied\"\n}\n")
        fault = document(host, "scan")["targets"][0]["inventory"]["unanswered"]
        expect("a fault on standard output is one", fault and "vim.fault.NoPermission: denied" in fault[0]["why"], fault)
        (host.answers / "vim-cmd_vmsvc_getallvms").unlink()
        host.add("quirk", "hostd-down")
        down = document(host, "scan")["targets"][0]
        expect("without hostd, localcli tells", down["host"]["version"] == "7.0.3" and down["inventory"]["datastores"] and
               down["inventory"]["running"] and down["inventory"]["registered"] is None, down["inventory"]["unanswered"])


def test_advisories():
    with Standin(SOURCE, "6.0", [f"demo::{DEMO_UUID}={DEMO}"]) as host:
        host.change_state(lambda lines: [["build", "3073146"] if f[0] == "build" else f for f in lines])
        codes = {f["code"] for f in document(host, "check")["findings"]}
        expect("the host's build raises its advisory", "advisory-kb2136854" in codes, codes)
        host.change_state(lambda lines: [["build", "3247720"] if f[0] == "build" else f for f in lines])
        codes = {f["code"] for f in document(host, "check")["findings"]}
        expect("a fixed build does not", "advisory-kb2136854" not in codes, codes)


def test_in_use():
    with Standin(SOURCE, "8.0", [f"demo::{DEMO_UUID}={DEMO}"], ["--busy"]) as host:
        before = document(host, "check")
        volume = f"/vmfs/volumes/{DEMO_UUID}"
        host.add("busy", f"{volume}/db01/db01.vmx", "Invalid argument")
        host.add("busy", f"{volume}/app01/app01-ctk.vmdk", "Device or resource busy")
        for transport in ("shell", "sftp"):
            scan = document(host, "scan", "--transport", transport)
            held = next(vm for vm in scan["virtual_machines"] if vm["config_path"] == "db01/db01.vmx")
            expect(f"{transport}: a .vmx in use is listed", held["disks"] == [] and "in use" in held["unreadable"], held)
            app = next(vm for vm in scan["virtual_machines"] if vm["config_path"] == "app01/app01.vmx")
            cbt = app["disks"][0]["cbt"]
            expect(f"{transport}: a CTK file in use is not verified", cbt["state"] == "tracked" and "in use" in " ".join(
                cbt["reasons"]), cbt)
            check = document(host, "check", "--transport", transport)
            new = [f["code"] for f in check["findings"] if f not in before["findings"]]
            expect(f"{transport}: no finding comes of it", new == [], new)
            expect(f"{transport}: it is told", any("in use" in s["why"] for s in check["skipped"]), check["skipped"])
            expect(f"{transport}: it is no failure", check["exit_status"] in (0, 4), check["exit_status"])


def test_volumes():
    with Standin(SOURCE, "7.0", [f"my ds={SOURCE}/fixtures/healthy", f"nas:NFS={SOURCE}/fixtures/healthy"]) as host:
        scan = document(host, "scan", target="/vmfs/volumes")
        paths = [vm["config_path"] for vm in scan["virtual_machines"]]
        expect("each volume is visited once, by its name", paths == sorted(set(paths)) and
               {path.split("/")[0] for path in paths} == {"my ds", "nas"}, paths)
        star = {vm["config_path"].split("/")[0]: disk["cbt"]["star_query"]["usable"]
                for vm in scan["virtual_machines"] for disk in vm["disks"] if disk["cbt"]["state"] == "tracked"}
        expect("'*' by each volume's type", star == {"my ds": True, "nas": False}, star)
        registered = scan["targets"][0]["inventory"]["registered"]
        costs = [run(host, "scan", "--verbose", target=target).stderr.decode().split("after the login ")[1].split(", at most")[0]
                 for target in ("", "/vmfs/volumes", "/vmfs/volumes/", "/vmfs//volumes/.")]
        expect("however the volumes are spelt, nothing is asked in vain", len(set(costs)) == 1, costs)
        expect("VMs of every volume are known", all(vm["config_path"] for vm in registered) and len(registered) > 3, registered)


def test_waits():
    with Standin(SOURCE, "8.0", [f"demo::{DEMO_UUID}={DEMO}"]) as host:
        volume = host.volume("demo")

        def copy(number):  # a machine that no host runs, with the files of one that runs: its locks are asked
            subprocess.run(["cp", "-a", "--sparse=always", volume / "half", volume / f"copy{number}"], check=True)
        copy(0)
        few = run(host, "scan", "--verbose").stderr.decode()
        for number in range(1, 200):
            copy(number)
        many = run(host, "scan", "--verbose").stderr.decode()
        waits = [int(text.split("after the login ")[1].split(" ")[0]) for text in (few, many)]
        expect("the number of waits is a constant, and at most 12", waits[0] == waits[1] <= 12, waits)


def test_hostile_names():
    name = "bad $(touch pwned) `touch pwned` 'ds;touch pwned"
    with Standin(SOURCE, "8.0", [f"{name}={SOURCE}/fixtures/hostile"]) as host:
        alone = document(host, "scan", target="/vmfs/volumes/" + quote(name))
        seen = differs(shared(alone), shared(mounted("scan", SOURCE / "fixtures/hostile")))
        expect("hostile names: the same report as on a mount", not seen, seen)
        whole = document(host, "scan", target="/vmfs/volumes")
        expect("hostile names: found from the root too",
               len(whole["virtual_machines"]) == len(alone["virtual_machines"]) > 0)
        expect("hostile names: all questions are answered", whole["targets"][0]["inventory"]["unanswered"] == [],
               whole["targets"][0]["inventory"]["unanswered"])
        expect("hostile names: nothing is executed", not any(
            b"pwned" in found for _, folders, files in os.walk(os.fsencode(host.root)) for found in folders + files
            if not found.startswith(b"bad ") and b"touch" not in found))


def test_readme():
    """What the README shows of reading a host is what is printed there."""
    blocks = re.findall(r"```\n\$ build/cbtctl ((?:scan|check) ssh://[^\n]*)\n(.*?)```", (SOURCE / "README.md").read_text(), re.S)
    expect("the README shows a host", blocks, blocks)
    with Standin(SOURCE, "8.0", [f"ds1={DEMO}", f"ds2={SOURCE}/fixtures/healthy"]) as host:
        config = host.folder / "esx1"
        config.write_text(host.ssh_config.read_text().replace("Host esx ", "Host esx1 "))
        for command, shown in blocks:
            found = subprocess.run([CBTCTL, *command.split(), "--ssh-config", config], capture_output=True, text=True, timeout=120)
            expect(f"README: {command}", found.stdout == shown, found)


for release in ("6.0", "6.7", "7.0", "8.0"):
    test_release(release)
test_quirks()
test_advisories()
test_in_use()
test_volumes()
test_waits()
test_hostile_names()
test_readme()

finish(at_least=60)

