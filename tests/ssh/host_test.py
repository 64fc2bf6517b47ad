"""scan and check on a stand-in of each release: what only a host knows is told, and all else is what a mount tells."""
import copy
import os
import re
import shutil
import subprocess
from urllib.parse import quote

import pytest

from folders import FIXTURES, SOURCE
from schemas import violations

DEMO_UUID = "661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7"  # absolute paths inside the demo's files name it
DEMO = f"demo::{DEMO_UUID}={FIXTURES}/demo"
VERBS = ("scan", "check")


class Reading:
    """What cbtctl tells of a host."""

    def __init__(self, program, host):
        self.program, self.host = program, host

    def run(self, verb, *arguments, target="/vmfs/volumes/demo", **more):
        words = [self.host.target(target), "--ssh-config", self.host.ssh_config, *arguments]
        return self.program.run(verb, *words, **more)

    def json(self, verb, *arguments, target="/vmfs/volumes/demo"):
        document = self.program.json(
            verb, self.host.target(target), "--ssh-config", self.host.ssh_config, *arguments)
        assert violations(document) == []
        return document

    def codes(self):
        return {finding["code"] for finding in self.json("check")["findings"]}


@pytest.fixture(scope="module")
def mounted(module_program):
    """What is told of the demo on a mount."""
    return {verb: module_program.json(verb, FIXTURES / "demo") for verb in VERBS}


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
        for finding in report["findings"]:
            finding["fingerprint"] = None  # a host tells the volume's identity
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


def machine(report, path):
    return next(vm for vm in report["virtual_machines"] if vm["config_path"] == path)


def power(report, name):
    return next(vm["power"] for vm in report["virtual_machines"] if vm["name"] == name)


def has_sign(power, words):
    return any(words in sign for sign in power["evidence"])


# --- each release -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["6.0", "6.7", "7.0", "8.0"])
def release(request):
    return request.param


@pytest.fixture
def reading(program, standin, release):
    return Reading(program, standin(release, [DEMO]))


@pytest.fixture(scope="module")
def told(module_program, started, release):
    """What is told of the demo on an untouched host."""
    return {verb: Reading(module_program, started(release, [DEMO])).json(verb) for verb in VERBS}


@pytest.fixture(scope="module")
def inventory(told):
    return told["scan"]["targets"][0]["inventory"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_host_s_datastore_is_told_as_on_a_mount(told, mounted, verb):
    assert differs(shared(told[verb]), shared(mounted[verb])) == ""


def test_the_host_is_told(told, release):
    host = told["scan"]["targets"][0]["host"]
    assert host["product"] == "VMware ESXi" and host["version"].startswith(release)


def test_every_question_is_answered(inventory):
    assert inventory["unanswered"] == []


def test_all_that_is_registered_is_found(inventory):
    assert len(inventory["registered"]) == 22
    assert all(vm["config_path"] and not vm["missing"] for vm in inventory["registered"])


def test_the_machine_that_the_host_cannot_read_is_told_and_as_not_registered(inventory):
    assert len(inventory["invalid_ids"]) == 1
    assert inventory["not_registered"] == ["zeros/zeros.vmx"]


def test_the_datastore_is_told(inventory, release):
    assert inventory["datastores"] == [
        {"name": "demo", "uuid": DEMO_UUID, "type": "VMFS-5" if release == "6.0" else "VMFS-6"}]


def test_a_star_query_is_usable_on_vmfs(told):
    assert any(disk["cbt"]["star_query"]["usable"] for vm in told["scan"]["virtual_machines"] for disk in vm["disks"])


def test_a_running_machine_is_known_by_its_process(told):
    half = power(told["scan"], "half")
    assert half["state"] == "on" and "esxcli vm process list" in half["evidence"][0]


def test_after_a_crash_the_locks_tell(reading):
    reading.host.set_power("half", "off")
    crashed = power(reading.json("scan"), "half")
    assert crashed["state"] == "off" and has_sign(crashed, "half.vmx.lck is not locked (vmkfstools -D)"), crashed


def test_another_host_s_lock_is_told_and_that_it_is_not_registered_here(reading):
    reading.host.add("lock", "/vmfs/volumes/demo/half/half.vmx.lck", 1, "00:50:56:aa:bb:cc")
    reading.host.unregister("half")
    elsewhere = power(reading.json("scan"), "half")
    assert elsewhere["state"] == "on" and has_sign(elsewhere, "locked exclusive by 00:50:56:aa:bb:cc"), elsewhere
    assert has_sign(elsewhere, "not registered on"), elsewhere


def test_what_is_registered_and_not_found_is_told(reading, told):
    shutil.rmtree(reading.host.volume("demo") / "fresh")
    lost = reading.json("scan")["targets"][0]["inventory"]["registered"]
    assert [vm["name"] for vm in lost if vm["missing"]] == ["fresh"]
    assert [skipped for skipped in reading.json("check")["skipped"]
            if "fresh/fresh.vmx" in skipped["what"] and "is registered on" in skipped["why"]], "check tells it too"
    text, host = reading.run("scan").stdout, told["scan"]["targets"][0]["host"]
    assert "registered, not found: 9 fresh: /vmfs/volumes/demo/fresh/fresh.vmx" in text
    assert f"VMware ESXi {host['version']} build {host['build']}" in text


# --- what commands print where they print it otherwise ----------------------------------------------------------------


@pytest.fixture
def seven(program, standin):
    return Reading(program, standin("7.0", [DEMO]))


@pytest.fixture
def noted(seven):
    """Every machine has a note that looks like rows of the table; and what is told then."""
    note = "first line\\n\\n  12     x   half a row\\n7 [demo] no row"
    seven.host.change_state(lambda lines: [f[:7] + [note] if f[0] == "vm" else f for f in lines])
    return seven.json("scan")


def test_notes_over_many_lines_are_no_machines(noted):
    inventory = noted["targets"][0]["inventory"]
    assert inventory["unanswered"] == [] and len(inventory["registered"]) == 22


def test_the_table_itself_in_a_note_is_no_machines(seven, noted):
    host, half = seven.host, seven.host.id_of("half")
    table = host.ssh("vim-cmd vmsvc/getallvms").stdout.replace("\n", "\\n")
    host.change_state(lambda lines: [f[:7] + [table] if f[:2] == ["vm", half] else f for f in lines])
    assert differs(seven.json("scan"), noted) == ""


def test_crlf_changes_nothing(seven, noted):
    seven.host.add("quirk", "crlf")
    assert differs(seven.json("scan"), noted) == ""


def test_a_machine_on_no_datastore_of_the_host_is_told_where_the_whole_host_is_asked_for(seven):
    seven.host.add("vm", "98", "off", "[otherds] x/x.vmx", "elsewhere", "otherGuest", "vmx-13", "")
    words = "registered, on no datastore of this host: 98 elsewhere: /vmfs/volumes/otherds/x/x.vmx"
    assert words in seven.run("scan", target="/vmfs/volumes").stdout
    assert "elsewhere" not in seven.run("scan").stdout


def test_where_vmkfstools_logs_alone_vmfsfilelockinfo_tells(seven):
    seven.host.add("quirk", "locks-in-log")
    seven.host.set_power("half", "off")
    assert has_sign(power(seven.json("scan"), "half"), "(vmfsfilelockinfo -p)")


def test_where_no_lock_can_be_asked_files_count(seven):
    seven.host.add("quirk", "locks-in-log")
    seven.host.add("quirk", "no-locks")
    seven.host.set_power("half", "off")
    unasked = power(seven.json("scan"), "half")
    assert unasked["state"] == "on" and has_sign(unasked, "cannot be asked"), unasked


@pytest.mark.parametrize("command, question", [
    ("vim-cmd vmsvc/getallvms", "registered virtual machines"), ("esxcli vm process list", "running virtual machines"),
    ("esxcli storage filesystem list", "datastores"), ("vim-cmd vimsvc/task_list", "tasks"),
    ("vmware -v", "version and build")])
def test_an_unknown_answer_stops_that_question_alone_and_never_the_scan(seven, mounted, command, question):
    seven.host.answer(command, "Aucune réponse\nn'est connue\n")
    found = seven.json("scan")
    assert [told["question"] for told in found["targets"][0]["inventory"]["unanswered"]] == [question]
    difference = differs(shared(found), shared(mounted["scan"]))
    assert not difference or "resolved_by" in difference or "/cbt/reason" in difference  # for whether it is off


def test_a_fault_on_standard_output_is_one(seven):
    fault = "(vim.fault.NoPermission) {\n   faultMessage = <unset>, \n   msg = \"denied\"\n}\n"
    seven.host.answer("vim-cmd vmsvc/getallvms", fault)
    unanswered = seven.json("scan")["targets"][0]["inventory"]["unanswered"]
    assert unanswered and "vim.fault.NoPermission: denied" in unanswered[0]["why"]


def test_without_hostd_localcli_tells(seven):
    seven.host.add("quirk", "hostd-down")
    down = seven.json("scan")["targets"][0]
    assert down["host"]["version"] == "7.0.3"
    assert down["inventory"]["datastores"] and down["inventory"]["running"]
    assert down["inventory"]["registered"] is None


@pytest.mark.parametrize("build, raises", [("3073146", True), ("3247720", False)], ids=["a faulty one", "a fixed one"])
def test_the_host_s_build_raises_its_advisory(program, standin, build, raises):
    reading = Reading(program, standin("6.0", [DEMO]))
    reading.host.change_state(lambda lines: [["build", build] if f[0] == "build" else f for f in lines])
    assert ("advisory-kb2136854" in reading.codes()) == raises


# --- files in use -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["shell", "sftp"])
def in_use(request, module_program, started):
    """(scan, check, what check found before) where running machines hold a .vmx and a CTK file."""
    reading = Reading(module_program, started("8.0", [DEMO], ["--busy"]))
    before = reading.json("check")
    reading.host.add("busy", f"/vmfs/volumes/{DEMO_UUID}/db01/db01.vmx", "Invalid argument")
    reading.host.add("busy", f"/vmfs/volumes/{DEMO_UUID}/app01/app01-ctk.vmdk", "Device or resource busy")
    yield (*(reading.json(verb, "--transport", request.param) for verb in VERBS), before)
    reading.host.reset()


def test_a_vmx_in_use_is_listed(in_use):
    held = machine(in_use[0], "db01/db01.vmx")
    assert held["disks"] == [] and "in use" in held["unreadable"]


def test_a_ctk_file_in_use_is_not_verified(in_use):
    cbt = machine(in_use[0], "app01/app01.vmx")["disks"][0]["cbt"]
    assert cbt["state"] == "tracked" and "in use" in " ".join(cbt["reasons"])


def test_no_finding_comes_of_a_file_in_use(in_use):
    _, check, before = in_use
    assert [finding["code"] for finding in check["findings"] if finding not in before["findings"]] == []


def test_a_file_in_use_is_told_and_is_no_failure(in_use):
    check = in_use[1]
    assert any("in use" in skipped["why"] for skipped in check["skipped"])
    assert check["exit_status"] in (0, 4)


# --- volumes ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def volumes(program, standin):
    """A host with two volumes."""
    return Reading(program, standin("7.0", [f"my ds={FIXTURES}/healthy", f"nas:NFS={FIXTURES}/healthy"]))


def test_each_volume_is_visited_once_by_its_name(volumes):
    paths = [vm["config_path"] for vm in volumes.json("scan", target="/vmfs/volumes")["virtual_machines"]]
    assert paths == sorted(set(paths)) and {path.split("/")[0] for path in paths} == {"my ds", "nas"}


def test_a_star_query_is_usable_by_each_volume_s_type(volumes):
    star = {vm["config_path"].split("/")[0]: disk["cbt"]["star_query"]["usable"]
            for vm in volumes.json("scan", target="/vmfs/volumes")["virtual_machines"]
            for disk in vm["disks"] if disk["cbt"]["state"] == "tracked"}
    assert star == {"my ds": True, "nas": False}


def cost(found):
    return found.stderr.split("after the login ")[1].split(", at most")[0]


def test_however_the_volumes_are_spelt_nothing_is_asked_in_vain(volumes):
    costs = [cost(volumes.run("scan", "--verbose", target=target))
             for target in ("", "/vmfs/volumes", "/vmfs/volumes/", "/vmfs//volumes/.")]
    assert costs == [costs[0]] * 4


def test_machines_of_every_volume_are_known(volumes):
    scan = volumes.json("scan", target="/vmfs/volumes")
    registered = scan["targets"][0]["inventory"]["registered"]
    paths = sorted(vm["config_path"] for vm in registered)
    assert paths == sorted(vm["config_path"] for vm in scan["virtual_machines"]) and len(paths) == 6


def test_the_number_of_waits_is_a_constant_and_at_most_12(program, standin):
    reading = Reading(program, standin("8.0", [DEMO]))
    volume = reading.host.volume("demo")

    def waits_with(*numbers):
        """Machines that no host runs, with the files of one that runs: their locks are asked."""
        for number in numbers:
            subprocess.run(["cp", "-a", "--sparse=always", volume / "half", volume / f"copy{number}"], check=True)
        return int(cost(reading.run("scan", "--verbose")).split(" ")[0])

    few = waits_with(0)
    assert waits_with(*range(1, 200)) == few <= 12


# --- hostile names ----------------------------------------------------------------------------------------------------


HOSTILE_NAME = "bad $(touch pwned) `touch pwned` 'ds;touch pwned"


@pytest.fixture
def hostile(program, standin):
    return Reading(program, standin("8.0", [f"{HOSTILE_NAME}={FIXTURES}/hostile"]))


def pwned(root):
    """Files whose making a name may have asked for."""
    return [found for _, folders, files in os.walk(os.fsencode(root)) for found in folders + files
            if b"pwned" in found and not found.startswith(b"bad ") and b"touch" not in found]


def test_hostile_names_are_told_as_on_a_mount(hostile, program):
    alone = hostile.json("scan", target="/vmfs/volumes/" + quote(HOSTILE_NAME))
    assert differs(shared(alone), shared(program.json("scan", FIXTURES / "hostile"))) == ""
    assert pwned(hostile.host.root) == []


def test_hostile_names_are_found_from_the_root_and_all_questions_are_answered(hostile, program):
    whole = hostile.json("scan", target="/vmfs/volumes")
    on_mount = program.json("scan", FIXTURES / "hostile")
    assert len(whole["virtual_machines"]) == len(on_mount["virtual_machines"]) > 0
    assert whole["targets"][0]["inventory"]["unanswered"] == []
    assert pwned(hostile.host.root) == []


# --- README -----------------------------------------------------------------------------------------------------------

README = (SOURCE / "README.md").read_text()
SHOWN = re.findall(r"```\n\$ build/cbtctl ((?:scan|check) ssh://[^\n]*)\n(.*?)```", README, re.S)


def test_the_readme_shows_a_host():
    assert SHOWN


@pytest.mark.parametrize("command, shown", SHOWN, ids=[command for command, _ in SHOWN])
def test_what_the_readme_shows_of_a_host_is_what_is_printed_there(program, standin, scratch, command, shown):
    host = standin("8.0", [f"ds1={FIXTURES}/demo", f"ds2={FIXTURES}/healthy"])
    config = scratch / "esx1"
    config.write_text(host.ssh_config.read_text().replace("Host esx ", "Host esx1 "))
    assert program.run(*command.split(), "--ssh-config", config).stdout == shown
