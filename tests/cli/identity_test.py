"""Contract, sections 1 and 3: what makes a file the same one, for fingerprints, --baseline and compare: its volume and
its path there, else where its target really lies; never the number of a target or their order."""
import json
import shutil

import pytest


@pytest.fixture
def two(copy_of, scratch):
    """The same machines in r1/a and r2/a, each with a CTK file that nobody names."""
    for root in ("r1", "r2"):
        (scratch / root).mkdir()
        copy_of("healthy", f"{root}/a")
    return scratch / "r1/a", scratch / "r2/a"


def leave_an_orphan(folder):
    [ctk, *_] = sorted(folder.rglob("*-ctk.vmdk"))
    shutil.copy(ctk, ctk.with_name("gone-ctk.vmdk"))
    return ctk.with_name("gone-ctk.vmdk")


@pytest.fixture
def saved(program, scratch):
    """Runs a verb and keeps its document."""
    def save(name, verb, *targets, change=lambda document: None):
        document = program.json(verb, *targets, cwd=scratch)
        change(document)
        (scratch / name).write_text(json.dumps(document))
        return scratch / name
    return save


# --- fingerprints and --baseline -------------------------------------------------------------------------------------


def test_two_targets_with_the_same_path_have_different_fingerprints(read, two):
    for folder in two:
        leave_an_orphan(folder)
    found = read("check", *two)["findings"]
    assert len(found) == 2 and len({each["path"] for each in found}) == 1
    assert len({each["fingerprint"] for each in found}) == 2


def test_a_baseline_of_one_place_hides_nothing_of_another(read, two, saved):
    leave_an_orphan(two[0])
    known = saved("known.json", "check", two[0])
    leave_an_orphan(two[1])
    new = read("check", *two, "--baseline", known, status=4)["findings"]
    assert [each["target"] for each in new] == [1]
    assert read("check", *reversed(two), "--baseline", known, status=4)["findings"][0]["target"] == 0


def test_a_fingerprint_stands_however_its_target_is_named(read, two, scratch):
    leave_an_orphan(two[0])
    (scratch / "link").symlink_to(two[0])
    ways = [read("check", way)["findings"][0]["fingerprint"] for way in (two[0], "r1/../r1/a", "link")]
    assert len(set(ways)) == 1


def test_a_copy_is_held_against_the_baseline_of_its_original(read, two, saved):
    for folder in two:
        leave_an_orphan(folder)
    assert read("check", two[1], "--baseline", saved("known.json", "check", two[0]), status=0)["findings"] == []


def test_what_lies_elsewhere_has_not_gone(read, two, saved):
    orphan = leave_an_orphan(two[0])
    known = saved("known.json", "check", *two)
    assert read("check", two[1], "--baseline", known)["baseline"]["gone"] == []
    orphan.unlink()
    assert len(read("check", two[0], "--baseline", known)["baseline"]["gone"]) == 1


def of_version_1(document):
    document["schema"] = "cbtctl.check/1"
    for target in document["targets"]:
        del target["canonical_location"], target["volumes"]
    for finding in document["findings"]:
        finding["fingerprint"] = "0" * 16


def test_a_baseline_of_version_1_goes_by_location_code_path_and_disk_and_says_so(run, read, two, saved):
    leave_an_orphan(two[0])
    known = saved("known.json", "check", *two, change=of_version_1)
    leave_an_orphan(two[1])
    assert [each["target"] for each in read("check", *two, "--baseline", known, status=4)["findings"]] == [1]
    run("check", *two, "--baseline", known, says="version 1")


# --- compare ---------------------------------------------------------------------------------------------------------


def kinds(document):
    return sorted((change["kind"], change["location"].split("/")[-2], change["vm"]) for change in document["changes"])


def test_the_order_of_targets_changes_nothing(run, two, saved):
    run("compare", saved("old.json", "scan", *two), saved("new.json", "scan", *reversed(two)), status=0)


def test_a_target_more_makes_nobody_elses_machines_come_or_go(read, two, saved):
    old, new = saved("old.json", "scan", two[1]), saved("new.json", "scan", *two)
    changes = read("compare", old, new, status=4)["changes"]
    assert changes and {change["location"] for change in changes} == {str(two[0])}
    assert {change["kind"] for change in changes} == {"vm-added"}


def test_a_copy_is_compared_with_its_original(run, two, saved):
    run("compare", saved("old.json", "scan", two[0]), saved("new.json", "scan", two[1]), status=0)


def machine_of(folder, uuid):
    vmx = sorted(folder.rglob("*.vmx"))[0]
    vmx.write_text(vmx.read_text() + f'vc.uuid = "{uuid}"\n')
    return vmx.parent


@pytest.fixture
def moved(two, saved):
    """A machine with a vc.uuid of its own in r1 that lies in r2 in the second scan, from where its namesake has gone."""
    folder = machine_of(two[0], "50 2f 11")
    old = saved("old.json", "scan", *two)
    shutil.rmtree(two[1] / folder.name)
    shutil.move(folder, two[1] / "elsewhere")
    return folder, old


def test_a_machine_that_moved_is_moved(read, moved, two, saved):
    changes = read("compare", moved[1], saved("new.json", "scan", *two), status=4)["changes"]
    [move] = [change for change in changes if change["kind"] == "vm-moved"]
    assert move["vm"].startswith("elsewhere/") and move["location"] == str(two[1])
    assert move["before"] == f"{two[0]}/{moved[0].name}/{moved[0].name}.vmx"
    assert [change["kind"] for change in changes].count("vm-gone") == 1  # the namesake


def restarted(document):
    for machine in document["virtual_machines"]:
        for disk in machine["disks"]:
            if machine["config_path"].startswith("elsewhere/") and disk["chain"][0]["ctk"]:
                disk["chain"][0]["ctk"]["uuid"] = disk["cbt"]["change_id"] = "00 " * 15 + "00"


def test_and_its_history_is_compared_all_the_same(read, moved, two, saved):
    changes = read("compare", moved[1], saved("new.json", "scan", *two, change=restarted), status=4)["changes"]
    assert "tracking-restarted" in {change["kind"] for change in changes}


def test_of_two_that_may_be_the_one_that_moved_neither_is(read, moved, two, saved):
    shutil.copytree(two[1] / "elsewhere", two[1] / "copy")
    changes = read("compare", moved[1], saved("new.json", "scan", *two), status=4)["changes"]
    assert "vm-moved" not in {change["kind"] for change in changes}


def without_canonical_locations(document):
    for target in document["targets"]:
        del target["canonical_location"], target["volumes"]


def test_a_scan_of_an_earlier_version_is_compared_by_location_and_says_so(run, two, saved):
    old = saved("old.json", "scan", *two, change=without_canonical_locations)
    run("compare", old, saved("new.json", "scan", *reversed(two)), status=0, says="canonical")
