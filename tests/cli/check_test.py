"""check, explain and compare as a user runs them: golden output, agreement of the formats, thresholds, baseline."""
import csv
import functools
import io
import json
import re
import subprocess

import pytest

from folders import FIXTURES, SOURCE
from make_recipe import cook

README = (SOURCE / "README.md").read_text()


@pytest.fixture
def run(program):
    """Runs the program among the bundled datastores."""
    return functools.partial(program.run, cwd=FIXTURES)


@pytest.fixture
def read(program):
    """A document that the program prints among the bundled datastores."""
    return functools.partial(program.json, cwd=FIXTURES)


@pytest.fixture(scope="module")
def checked(module_program):
    """What check says of the demo, as JSON."""
    return module_program.run("check", "demo", "--json", cwd=FIXTURES).stdout


@pytest.fixture
def findings(checked):
    return json.loads(checked)["findings"]


# --- golden output, and that all formats tell the same ---------------------------------------------------------------


@pytest.fixture(scope="module")
def text(module_program):
    return module_program.run("check", "fixtures/demo", cwd=SOURCE).stdout


def test_the_text_is_the_golden_one(text):
    assert text == (SOURCE / "tests/golden/demo-check.txt").read_text()


def test_the_json_is_the_golden_one(checked):
    """But for what the place of the sources decides."""
    told = re.sub(r'("canonical_location"|"fingerprint"): "[^"]+"', r'\1: ""', checked)
    assert told == (SOURCE / "tests/golden/demo-check.json").read_text()


def test_csv_and_json_tell_the_same(run, findings):
    rows = csv.DictReader(io.StringIO(run("check", "demo", "--csv").stdout))
    told = ("code", "path", "fingerprint")
    assert [[row[key] for key in told] for row in rows] == [[finding[key] for key in told] for finding in findings]


def test_text_and_json_tell_the_same(text, findings):
    table = text.split("\n\n")[0].splitlines()[1:]
    assert [line.split()[1:3] for line in table] == [[finding["code"], finding["path"]] for finding in findings]


def test_fingerprints_are_unique(findings):
    assert len({finding["fingerprint"] for finding in findings}) == len(findings) > 1


def test_nagios_is_one_line_and_below_it_the_worst_ten(run):
    first, *worst = run("check", "demo", "--format", "nagios", status=2).stdout.splitlines()
    assert first.startswith("CBTCTL CRITICAL - ") and len(worst) == 11


@pytest.mark.parametrize("severity", ["note", "warning", "error", "critical"])
def test_nagios_counts_the_findings_of_a_severity(run, findings, severity):
    found = run("check", "demo", "--format", "nagios").stdout
    numbers = dict(re.findall(r"(\w+)=(\d+)", found.split("|")[1]))
    assert int(numbers[severity]) == sum(finding["severity"] == severity for finding in findings)


def test_nagios_is_never_ok_where_a_disk_is_unreadable(program, tmp_path):
    recipe = "vm a/a.vmx\n  disk scsi0:0 /vmfs/volumes/elsewhere/a/a.vmdk\n"
    found = program.run("check", cook(recipe, tmp_path / "ds"), "--format", "nagios", status=1).stdout
    assert found.startswith("CBTCTL WARNING - ") and "1 unreadable" in found and "unreadable=1" in found


# --- one datastore under two names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how, machines", [("-al", 1), ("-a", 2)], ids=["the same files", "a copy"])
def test_a_datastore_that_is_mounted_under_two_names_is_told_once(program, tmp_path, how, machines):
    cook("vm a/a.vmx\n  disk scsi0:0 a.vmdk\ndisk a/a.vmdk 16M flat\n", tmp_path / "one")
    subprocess.run(["cp", how, tmp_path / "one", tmp_path / "two"], check=True)
    report = program.json("scan", tmp_path / "one", tmp_path / "two")
    assert [vm["target"] for vm in report["virtual_machines"]] == list(range(machines))
    assert len(report["virtual_machines"][0]["seen_by"]) == 3 - machines


# --- a filer's folders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["scan", "check", "enable --dry-run", "clean --dry-run", "repair --dry-run",
                                  "purge --dry-run"])
def test_every_report_tells_once_of_a_filers_folders(program, tmp_path, line):
    cook("vm a/a.vmx\nvm .snapshot/hourly/a/a.vmx\nvm a/@eaDir/a.vmx\n", tmp_path)
    verb, *options = line.split()
    assert [each["path"] for each in program.json(verb, tmp_path, *options)["not_entered"]] == [".snapshot", "a/@eaDir"]
    assert program.run(verb, tmp_path, *options).stdout.count("not entered: 2 folders") == 1


# --- a baseline that is older ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key, earlier, is_new", [
    ("severity", "note", True), ("severity", "critical", False), ("certainty", "possible", True),
    ("certainty", "hit", False), ("severity", "no such word", False)])
def test_what_has_become_worse_or_more_certain_is_new(program, tmp_path, key, earlier, is_new):
    ds = cook("ctk a/gone-ctk.vmdk 16M\n", tmp_path / "ds")
    known = program.json("check", ds)
    (finding,) = known["findings"]
    finding[key] = earlier
    (tmp_path / "known.json").write_text(json.dumps(known))
    report = program.json("check", ds, "--baseline", tmp_path / "known.json")
    assert bool(report["findings"]) == is_new and report["baseline"]["gone"] == []


# --- exit status -----------------------------------------------------------------------------------------------------


def test_a_healthy_datastore_yields_nothing(run):
    run("check", "healthy", "--fail-on", "note", status=0, shows="nothing found")


@pytest.mark.parametrize("what, line, status", [
    ("nagios on a healthy datastore", "healthy --format nagios", 0),
    ("the demo", "demo", 4),
    ("the demo where nothing counts", "demo --fail-on none", 0),
    ("a VM with notes alone", "demo --vm quiet", 0),
    ("the same by notes", "demo --vm quiet --fail-on note", 4),
    ("nagios on warnings", "demo --vm ancient --format nagios", 1),
    ("a missing target", "/nowhere", 8),
    ("nagios on a missing target", "/nowhere --format nagios", 3),
    ("a wrong threshold", "demo --fail-on bad", 16),
    ("a wrong code", "demo --only no-such-code", 16),
    ("nagios on a wrong threshold", "demo --format nagios --fail-on bad", 3),
    ("--except wins over --only", "demo --only ctk-missing --except ctk-missing", 0),
])
def test_the_exit_status_tells_what_was_found(run, what, line, status):
    run("check", *line.split(), status=status)


# --- selection -------------------------------------------------------------------------------------------------------


def test_only_keeps_these_codes(read):
    found = read("check", "demo", "--only", "ctk-missing", "--only", "ctk-orphan")["findings"]
    assert {finding["code"] for finding in found} == {"ctk-missing", "ctk-orphan"}


def test_except_drops_this_code(read, findings):
    rest = read("check", "demo", "--except", "ctk-missing")["findings"]
    assert len(rest) == len(findings) - 1
    assert rest == [finding for finding in findings if finding["code"] != "ctk-missing"]


def test_vm_keeps_what_lies_in_its_folder(read):
    found = read("check", "demo", "--vm", "app01")["findings"]
    assert [finding["path"] for finding in found] == ["app01/app01-000002-ctk.vmdk"]


def test_the_machine_of_an_orphan_is_the_one_of_its_folder(findings):
    orphan = next(finding for finding in findings if finding["code"] == "ctk-orphan-snapshot")
    assert (orphan["vm"], orphan["disk"]) == ("app01/app01.vmx", None)


# --- a target that is one .vmx: its neighbours use what is theirs, and are not judged --------------------------------

ONE_OF_TWO = "look-alikes/second/s.vmx"


def test_the_disk_of_a_neighbour_is_no_orphan(read):
    assert [finding["path"] for finding in read("check", ONE_OF_TWO)["findings"]] == ["s_2.vmdk"]


def test_a_neighbour_is_not_told(read):
    assert read("check", ONE_OF_TWO)["skipped"] == []


def test_a_neighbour_is_not_counted(run):
    run("check", ONE_OF_TWO, "--format", "nagios", shows=" vms=1 disks=2")


def test_a_neighbour_is_not_listed(read):
    assert [machine["config_path"] for machine in read("scan", ONE_OF_TWO)["virtual_machines"]] == ["s.vmx"]


# --- what leads outside the scan -------------------------------------------------------------------------------------


def test_what_leads_outside_the_scan_is_told_of_the_file_that_names_it(read):
    """A clone without its golden image, and a machine whose disk lies on another volume."""
    for case, vm, path, why in (
            ("clone", "clone.vmx", "clone-000001.vmdk", "parentFileNameHint leads outside the scan: /vmfs/volumes/"),
            ("far", "far.vmx", "far.vmx", "")):
        (told,) = [each for each in read("check", f"demo/{case}")["skipped"] if each["reason"] == "outside-scan"]
        assert (told["vm"], told["path"], told["target"]) == (vm, path, 0) and why in told["why"], told


def test_nothing_is_skipped_where_it_is_in_the_scan(read):
    skipped = read("check", "demo")["skipped"]
    assert not [each for each in skipped if each["reason"] == "outside-scan" and each["vm"] == "clone/clone.vmx"]


# --- where no fix is offered, none is named --------------------------------------------------------------------------


def test_a_doubted_format_names_no_command(read):
    doubted = [finding for finding in read("check", "doubted")["findings"] if finding["code"].startswith("ctk-")]
    assert doubted and not [finding for finding in doubted if "--choose" in finding["remedy"] or finding["options"]]


def test_the_text_tells_the_doubt_first(run):
    assert run("check", "doubted").stdout.startswith("so many CTK files do not fit")


# --- baseline --------------------------------------------------------------------------------------------------------


@pytest.fixture
def known(checked, scratch):
    """A baseline that knows all of the demo but the missing CTK file, and one thing that is there no more."""
    document = json.loads(checked)
    document["findings"] = [finding for finding in document["findings"] if finding["code"] != "ctk-missing"]
    document["findings"].append({"fingerprint": "0" * 16, "code": "ctk-orphan", "path": "was/was-ctk.vmdk"})
    (scratch / "known.json").write_text(json.dumps(document))
    return scratch / "known.json"


def test_only_what_a_baseline_does_not_know_is_told(read, known):
    told = read("check", "demo", "--baseline", known, status=4)
    assert [finding["code"] for finding in told["findings"]] == ["ctk-missing"]


def test_what_has_gone_since_a_baseline_is_told(read, known):
    told = read("check", "demo", "--baseline", known)
    assert [gone["path"] for gone in told["baseline"]["gone"]] == ["was/was-ctk.vmdk"]


@pytest.mark.parametrize("words", ["--only ctk-missing", "--except ctk-orphan", "--vm app01"])
def test_what_is_not_looked_for_has_not_gone(read, known, words):
    assert read("check", "demo", "--baseline", known, *words.split())["baseline"]["gone"] == []


def test_against_its_own_baseline_there_is_nothing_new(run, checked, scratch):
    (scratch / "known.json").write_text(checked)
    run("check", "demo", "--baseline", scratch / "known.json", status=0)


def test_a_baseline_that_is_none_is_a_usage_error(run, scratch):
    (scratch / "known.json").write_text("{}")
    run("check", "demo", "--baseline", scratch / "known.json", status=16)


# --- compare ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scanned(module_program):
    return module_program.run("scan", "demo", "--json", cwd=FIXTURES).stdout


@pytest.fixture
def saved(scanned, scratch):
    """A scan of the demo as a file, and another one as `change` makes it."""
    def save(change=lambda document: None):
        document = json.loads(scanned)
        change(document)
        (scratch / "old.json").write_text(scanned)
        (scratch / "new.json").write_text(json.dumps(document))
        return scratch / "old.json", scratch / "new.json"
    return save


def changed_in_five_ways(document):
    machines = {machine["config_path"]: machine for machine in document["virtual_machines"]}
    machines["app01/app01.vmx"]["disks"][0]["chain"][0]["ctk"]["uuid"] = "00 " * 15 + "00"
    machines["db01/db01.vmx"]["disks"][0]["chain"][0]["ctk"]["epoch"] = 1
    machines["old01/old01.vmx"]["disks"][0]["cbt"]["state"] = "off"
    machines["misfit/misfit.vmx"]["disks"].pop()
    document["virtual_machines"].remove(machines["far/far.vmx"])


def with_change_ids_alone(document):
    """No chain is told, and the change id of one disk is of an earlier epoch."""
    for machine in document["virtual_machines"]:
        for disk in machine["disks"]:
            disk["chain"] = []
            if machine["config_path"] == "app01/app01.vmx" and disk["slot"] == "scsi0:0":
                disk["cbt"]["change_id"] = disk["cbt"]["change_id"].split("/")[0] + "/1"


def of_a_host_that_was_down(document):
    document["targets"][0]["error"], document["virtual_machines"] = "unreachable", []


def test_two_equal_scans_do_not_differ(run, saved):
    run("compare", *saved(), status=0)


def test_compare_tells_every_change(read, saved):
    changes = read("compare", *saved(changed_in_five_ways), status=4)["changes"]
    assert {(change["kind"], change["vm"]) for change in changes} == {
        ("tracking-restarted", "app01/app01.vmx"), ("tracking-went-backwards", "db01/db01.vmx"),
        ("state-changed", "old01/old01.vmx"), ("disk-gone", "misfit/misfit.vmx"), ("vm-gone", "far/far.vmx")}


def test_the_way_back_differs_too(run, saved):
    run("compare", *reversed(saved(changed_in_five_ways)), status=4)


def test_compare_goes_by_the_change_id_too(read, saved):
    changes = read("compare", *saved(with_change_ids_alone))["changes"]
    assert [(change["kind"], change["disk"]) for change in changes] == [("tracking-went-backwards", "scsi0:0")]


@pytest.mark.parametrize("order", [list, reversed])
def test_of_a_target_that_could_not_be_read_nothing_has_gone(run, saved, order):
    run("compare", *order(saved(of_a_host_that_was_down)), status=0, says="could not be read")


def test_a_file_that_is_no_scan_is_a_usage_error(run, saved):
    old, new = saved()
    new.write_text("no JSON")
    run("compare", old, new, status=16)


def test_a_scan_that_is_missing_cannot_be_compared(run, saved, scratch):
    run("compare", saved()[0], scratch / "missing.json", status=8)


# --- explain, and the README -----------------------------------------------------------------------------------------


@pytest.fixture
def codes(read):
    return [code["code"] for code in read("explain")["codes"]]


def test_explain_lists_the_codes_in_order(codes):
    assert codes == sorted(codes)


def test_explain_lists_every_code_that_the_demo_raises(codes, findings):
    assert {finding["code"] for finding in findings} <= set(codes)


def test_each_code_has_a_story(run, codes):
    for code in codes:
        run("explain", code, status=0, shows=code)


def test_a_code_that_is_none_is_a_usage_error(run):
    run("explain", "no-such-code", status=16)


def test_the_table_of_codes_in_the_readme_is_printed_from_the_catalogue(run, codes):
    table = run("explain", "--markdown").stdout
    assert all(f"`{code}`" in table for code in codes) and table in README


def test_the_man_page_has_every_code(run, codes):
    man = run("explain", "--man").stdout
    assert not [code for code in codes if code.replace("-", "\\-") not in man]


# Each block of the README that begins with a command shows that command's very output; those on a host are held to it
# by tests/ssh/host_test.py.
BLOCKS = re.findall(r"```\n\$ build/cbtctl ([^\n]*)\n(.*?)```", README, re.S)
SHOWN = [block for block in BLOCKS if "ssh://" not in block[0]]


def test_the_readme_shows_the_output_of_the_verbs_that_people_begin_with():
    shown = {command.split()[0] for command, _ in SHOWN}
    assert shown >= {"check", "explain", "scan", "ctk", "chain", "extents", "repair"}


@pytest.mark.parametrize("command, output", SHOWN, ids=[command for command, _ in SHOWN])
def test_the_readme_shows_the_very_output(program, command, output):
    found = program.run(*command.split(), cwd=SOURCE)
    assert found.stdout + found.stderr == output
