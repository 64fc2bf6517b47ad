"""enable, disable, reset, clean, repair, apply, undo, history and purge on copies of fixtures: nothing can be lost.

Also stopped by SIGKILL at every system call that changes something, in turn, and recovered."""
import functools
import os
import re
import subprocess
from types import SimpleNamespace

import pytest

from folders import FIXTURES, copy_folder, picture
from make_recipe import cook
from program import RECOVER, fault


@pytest.fixture
def ds(copy_of):
    """A copy of the demo."""
    return copy_of("demo")


def left_behind(folder):
    """What no run may leave; app01 has kept the folder of a run from before."""
    runs = [path for path in folder.rglob(".cbtctl") if path.parent.name != "app01"]
    return runs + list(folder.rglob("*.cbtctl-new")) + list(folder.rglob("lock"))


def vmx(folder, name):
    return (folder / name / f"{name}.vmx").read_text()


def codes(program, folder):
    return {finding["fingerprint"]: finding["code"] for finding in program.json("check", folder)["findings"]}


# --- without agreement nothing happens -------------------------------------------------------------------------------


def test_without_a_terminal_and_yes_nothing_happens(program, ds):
    before = picture(ds)
    program.run("reset", ds, status=16)
    assert picture(ds) == before and not left_behind(ds)


def test_a_dry_run_changes_nothing(program, ds):
    before = picture(ds)
    program.run("reset", ds, "--dry-run", status=4)
    assert picture(ds) == before and not left_behind(ds)


def test_a_plan_refuses_each_machine_for_its_reason(program, demo):
    refused = program.json("reset", demo, "--dry-run")["plan"]["refused"]
    assert {machine["vm"]: machine["reason"] for machine in refused} == {
        "ancient/ancient.vmx": "hardware-too-old", "barred/barred.vmx": "disallowed", "db01/db01.vmx": "has-snapshots",
        "db02/db02.vmx": "has-snapshots", "far/far.vmx": "outside-scan", "golden/golden.vmtx": "template",
        "gone/gone.vmx": "unreadable", "half/half.vmx": "powered-on", "misfit/misfit.vmx": "vsan-or-vvol",
        "quiet/quiet.vmx": "suspended", "secret/secret.vmx": "encrypted", "twice/twice.vmx": "powered-on",
        "zeros/zeros.vmx": "unreadable"}


def test_keys_go_false_lines_out_files_aside_and_keys_true(program, demo):
    changes = program.json("reset", demo, "--dry-run")["plan"]["changes"]
    kinds = [change["kind"] for change in changes if change["vm"] == "app01/app01.vmx"]
    assert kinds == ["edit", "edit", "edit", "quarantine", "quarantine", "edit"]


# --- each verb keeps its promise, and undo restores every byte -------------------------------------------------------

PROMISED = {"reset": "pending", "disable": "off", "enable": "pending"}
CHANGED = {
    "reset": {"app01", "cbt-v2", "clone", "grown", "lost", "rdm", "web-ctk"},
    "disable": {"app01", "barred", "cbt-v2", "clone", "fresh", "grown", "lost", "old01", "rdm", "web-ctk"},
    "enable": {"grown", "lost", "old01", "web-ctk"},
}


@pytest.fixture(scope="module", params=PROMISED)
def story(request, module_program, module_scratch):
    """A verb on the whole demo, the same once more, and its undo."""
    verb, program = request.param, module_program
    folder = copy_folder(FIXTURES / "demo", module_scratch / verb)
    told = SimpleNamespace(verb=verb, before=picture(folder), was=program.states(folder))
    told.changed = program.json(verb, folder, "--yes")
    told.touched = {change["vm"] for change in told.changed["plan"]["changes"]}
    told.now = program.states(folder)
    told.again = program.json(verb, folder, "--yes")
    told.locks = list(folder.rglob("lock"))
    told.undone = program.json("undo", told.changed["run"], "--yes")
    told.after, told.left = picture(folder), left_behind(folder)
    return told


def test_a_verb_changes_the_machines_that_it_may(story):
    results = {result["vm"]: result["outcome"] for result in story.changed["results"]}
    assert results == {f"{name}/{name}.vmx": "changed" for name in CHANGED[story.verb]}
    assert story.touched == results.keys() and story.changed["exit_status"] in (0, 4)


def test_a_verb_leaves_other_machines_as_they_were(story):
    others = [disk for disk in story.now if disk[0] not in story.touched]
    assert others and {disk: story.now[disk] for disk in others} == {disk: story.was[disk] for disk in others}


def test_a_verb_leads_to_the_state_that_it_promises_or_leaves_a_disk(story):
    moved = {disk: state for disk, state in story.now.items() if disk[0] in story.touched and state != story.was[disk]}
    assert set(moved.values()) == {PROMISED[story.verb]}, moved


def test_a_verb_makes_no_disk_tracked(story):
    assert not [disk for disk, state in story.now.items() if state == "tracked" and story.was[disk] != "tracked"]


def test_a_second_run_changes_nothing(story):
    assert story.again["plan"]["changes"] == []


def test_no_lock_stays(story):
    assert story.locks == []


def test_undo_restores_each_machine(story):
    assert story.undone["exit_status"] == 0
    assert {result["vm"]: result["outcome"] for result in story.undone["results"]} == dict.fromkeys(
        story.touched, "restored")


def test_undo_restores_names_and_modes_and_bytes(story):
    assert not set(story.after.items()) ^ set(story.before.items())


def test_undo_leaves_nothing(story):
    assert story.left == []


# --- one disk, one key -----------------------------------------------------------------------------------------------


def test_disable_of_one_disk_leaves_the_key_of_the_machine_and_the_other_disk(program, ds):
    program.run("disable", ds, "--vm", "app01", "--disk", "scsi0:0", "--yes")
    lines = vmx(ds, "app01").splitlines()
    assert {'ctkEnabled = "TRUE"', 'scsi0:0.ctkEnabled = "FALSE"', 'scsi0:1.ctkEnabled = "true"'} <= set(lines)
    states = program.states(ds)
    assert (states["app01/app01.vmx", "scsi0:0"], states["app01/app01.vmx", "scsi0:1"]) == ("off", "tracked")


def test_a_key_in_odd_case_is_edited_in_place(program, ds):
    path = ds / "app01/app01.vmx"
    path.write_text(re.sub(r"(?m)^ctkEnabled", "CtkEnabled", path.read_text()))
    program.run("disable", ds, "--vm", "app01", "--yes")
    assert vmx(ds, "app01").lower().count("\nctkenabled") == 1 and 'CtkEnabled = "FALSE"' in vmx(ds, "app01")


def test_missing_keys_are_added_once(program, scratch):
    ds = cook("vm three/three.vmx\n" + "".join(f"  disk scsi0:{disk} {disk}.vmdk\n" for disk in range(3)) +
              "".join(f"disk three/{disk}.vmdk 16M flat\n" for disk in range(3)), scratch / "three")
    program.run("enable", ds, "--yes", status=0)
    assert [vmx(ds, "three").count(f"scsi0:{disk}.ctkEnabled") for disk in range(3)] == [1, 1, 1]


def test_a_disk_of_a_hosted_format_is_not_enabled(program, ds):
    refused = program.json("enable", ds, "--vm", "hosted", "--yes", status=4)["plan"]["refused"]
    assert [each["reason"] for each in refused] == ["no-trackable-disk"]


def test_a_ctk_file_that_stands_where_the_next_must_go_is_not_brought_back_to_life(program, ds):
    assert len(list((ds / "old01").glob("*-ctk.vmdk"))) == 2
    program.run("enable", ds, "--vm", "old01", "--yes")
    assert not list((ds / "old01").glob("*-ctk.vmdk"))
    assert program.states(ds)["old01/old01.vmx", "scsi0:0"] == "pending"


# --- clean takes what nothing names, old and owned by nobody at work -------------------------------------------------

UNNAMED = {"app01/app01-000002-ctk.vmdk", "old01/old01_1-ctk.vmdk", "old02/old02-ctk.vmdk"}


def planned_paths(document):
    return {change["path"] for change in document["plan"]["changes"]}


def refusals(document):
    return [refused["reason"] for refused in document["plan"]["refused"]]


def test_clean_of_one_machine_leaves_what_belongs_to_nobody(program, demo):
    assert planned_paths(program.json("clean", demo, "--vm", "app01", "--dry-run")) == {"app01/app01-000002-ctk.vmdk"}


def test_clean_takes_what_nothing_names(program, ds):
    assert planned_paths(program.json("clean", ds, "--yes")) == UNNAMED
    assert not [path for path in UNNAMED if (ds / path).exists()]


def test_after_clean_check_has_nothing_to_clean(program, ds):
    orphans = {"ctk-orphan", "ctk-orphan-snapshot", "ctk-leftover"}
    assert orphans & set(codes(program, ds).values())
    program.run("clean", ds, "--yes")
    assert not orphans & set(codes(program, ds).values())


def test_clean_refuses_a_young_file(program, ds):
    os.utime(ds / "old02/old02-ctk.vmdk")
    assert refusals(program.json("clean", ds, "--dry-run")) == ["too-young"]


def test_clean_leaves_the_folder_of_a_locked_machine_alone(program, ds):
    (ds / "old01/old01.vmx.lck").touch()
    assert "locked" in refusals(program.json("clean", ds, "--dry-run", "--min-age", "0s"))


# --- repair: safe fixes by themselves, choices when named ------------------------------------------------------------


@pytest.mark.parametrize("words, fixed", [("", {"ctk-missing", "cbt-leftover-tracking"}),
                                          ("--choose ctk-covers-less=restart", {"ctk-covers-less"})])
def test_a_second_check_misses_what_was_repaired_and_has_nothing_new_until_undo(program, ds, words, fixed):
    before, was = picture(ds), codes(program, ds)
    repaired = program.json("repair", ds, "--yes", *words.split())
    now = codes(program, ds)
    assert fixed <= set(was.values()) and not fixed & set(now.values()), now
    assert {now[fingerprint] for fingerprint in now.keys() - was.keys()} <= {"cbt-pending"}
    program.run("undo", repaired["run"], "--yes")
    assert picture(ds) == before


def test_a_wrong_choice_is_a_usage_error(program, demo):
    program.run("repair", demo, "--choose", "ctk-covers-less=magic", status=16)


# --- a plan that is applied later ------------------------------------------------------------------------------------


@pytest.fixture
def plan(program, ds, scratch):
    """A plan that disables app01."""
    program.run("disable", ds, "--vm", "app01", "--plan-out", scratch / "plan.json")
    return scratch / "plan.json"


def test_plan_out_changes_nothing(program, ds, plan):
    assert plan.exists() and program.states(ds)["app01/app01.vmx", "scsi0:0"] == "tracked"


def test_apply_does_what_the_plan_says(program, ds, plan):
    applied = program.json("apply", plan, "--yes")
    assert [result["outcome"] for result in applied["results"]] == ["changed"]
    assert program.states(ds)["app01/app01.vmx", "scsi0:0"] == "off"


def test_a_stale_plan_is_refused_and_touches_nothing(program, ds, plan):
    (ds / "app01/app01.vmx").write_text(vmx(ds, "app01") + "# edited\n")
    before = picture(ds)
    stale = program.json("apply", plan, "--yes", status=4)
    assert stale["results"][0]["reason"] == "changed-meanwhile"
    assert 'scsi0:0.ctkEnabled = "TRUE"' in vmx(ds, "app01") and not (ds / "app01/.cbtctl/lock").exists()
    assert picture(ds) == before


# --- once the machine may have run -----------------------------------------------------------------------------------


@pytest.mark.parametrize("moved", ["app01-flat.vmdk", "vmware.log"])
def test_undo_is_refused_once_the_machine_may_have_run(program, ds, moved):
    run = program.json("reset", ds, "--vm", "app01", "--yes")["run"]
    os.utime(ds / "app01" / moved)
    dry = program.json("undo", run, "--dry-run", status=4)
    assert [refusal["reason"] for refusal in dry["plan"]["refused"]] == ["ran-since"]
    late = program.json("undo", run, "--yes", status=4)
    assert late["results"][0]["reason"] == "ran-since" and not (ds / "app01/app01-ctk.vmdk").exists()


# --- history and purge -----------------------------------------------------------------------------------------------


def test_history_lists_the_runs(program, ds):
    for verb in ("disable", "enable", "reset"):
        program.run(verb, ds, "--vm", "app01", "--yes")
    assert [run["verb"] for run in program.json("history")["runs"]] == ["disable", "enable"]


def test_history_of_one_run_tells_its_steps(program, ds):
    run = program.json("reset", ds, "--vm", "app01", "--yes")["run"]
    program.run("history", run, shows="quarantine")


def test_a_dry_run_of_purge_tells_what_it_would_delete_and_keeps_it(program, ds):
    """app01 of the demo has kept a run from before."""
    run = program.json("reset", ds, "--vm", "app01", "--yes")["run"]
    told = program.json("purge", ds, "--older-than", "0s", "--dry-run")
    runs = sorted(path.name for path in (ds / "app01/.cbtctl").iterdir())
    assert runs == ["20240430T220000Z-1", run]
    assert [one["path"] for one in told["runs"]] == [f"app01/.cbtctl/{name}" for name in runs]


def test_purge_deletes_the_folders_of_runs_and_nothing_else(program, ds):
    program.run("reset", ds, "--vm", "app01", "--yes")
    changed = picture(ds)
    program.run("purge", ds, "--older-than", "0s", "--yes", status=0)
    assert not (ds / "app01/.cbtctl").exists() and picture(ds) == changed


# --- where nothing can be written ------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_changes_nothing(program, ds):
    if os.geteuid() != 0 or subprocess.run(["chattr", "+i", ds / "app01"], capture_output=True).returncode != 0:
        pytest.skip("no folder can be made immutable here")
    before = picture(ds)
    try:
        program.run("reset", ds, "--vm", "app01", "--yes", status=8)
    finally:
        subprocess.run(["chattr", "-i", ds / "app01"], check=True)
    assert picture(ds) == before


@pytest.mark.parametrize("call", ["mkdirat", "renameat2", "fsync"])
def test_where_a_call_is_refused_nothing_is_changed(program, copy_of, call):
    folder = copy_of("healthy")
    before = picture(folder)
    program.run("reset", folder, "--vm", "one", "--yes", under=fault(call, "error=EROFS"), status=8)
    assert picture(folder) == before and not list(folder.rglob("*.cbtctl-new"))


# --- killed at every changing system call in turn; the next writing verb finds it and puts it right ------------------

CALLS = ["fsync", "syncfs", "linkat", "renameat", "renameat2", "mkdirat", "unlinkat"]


@pytest.fixture(scope="module")
def undisturbed(module_program, module_scratch):
    """What a reset makes of one machine, and how often it makes each call for it."""
    folder = copy_folder(FIXTURES / "healthy", module_scratch / "undisturbed")
    found, calls = module_program.calls(",".join(CALLS), "reset", folder, "--vm", "one", "--yes", status=0)
    made = [match[1] for match in (re.search(r"\b(\w+)\(", line) for line in calls) if match]
    return SimpleNamespace(picture=picture(folder), calls={name: made.count(name) for name in CALLS if name in made})


@pytest.fixture(scope="module")
def killed_at(module_program, module_scratch, undisturbed):
    """What was there after a kill at each such call, and after the recovery."""
    program, folder = module_program, module_scratch / "killed"

    def killed(call, number):
        copy_folder(FIXTURES / "healthy", folder)
        told = SimpleNamespace(at=f"{call} {number}", before=picture(folder))
        killing = fault(call, f"signal=SIGKILL:when={number}")
        told.status = program.run("reset", folder, "--vm", "one", "--yes", under=killing).returncode
        told.state = program.states(folder)["one/one.vmx", "scsi0:0"]
        told.is_tracked = (folder / "one/one-ctk.vmdk").exists() and "changeTrackPath" in (
            folder / "one/one.vmdk").read_text()
        program.run(*RECOVER, folder)
        told.after = picture(folder)
        told.left = list(folder.rglob("lock")) + list(folder.rglob("*.cbtctl-new"))
        return told

    return functools.cache(lambda call: [killed(call, n + 1) for n in range(undisturbed.calls.get(call, 0))])


@pytest.mark.parametrize("call", CALLS)
def test_each_kill_meets_the_program_at_work(killed_at, call):
    assert killed_at(call) and {killed.status for killed in killed_at(call)} == {-9}


@pytest.mark.parametrize("call", CALLS)
def test_any_prefix_of_the_steps_is_off_or_as_it_was(killed_at, call):
    assert not [killed.at for killed in killed_at(call) if killed.state == "tracked" and not killed.is_tracked]


@pytest.mark.parametrize("call", CALLS)
def test_after_the_recovery_all_is_as_before_or_wholly_changed(killed_at, undisturbed, call):
    assert not [killed.at for killed in killed_at(call) if killed.after not in (killed.before, undisturbed.picture)]


@pytest.mark.parametrize("call", CALLS)
def test_after_the_recovery_no_lock_and_no_new_file_stays(killed_at, call):
    assert not [(killed.at, killed.left) for killed in killed_at(call) if killed.left]


def test_where_the_machine_ran_after_a_kill_no_old_ctk_file_comes_back(program, copy_of):
    folder = copy_of("healthy")
    program.run("reset", folder, "--vm", "one", "--yes", under=fault("renameat2", "signal=SIGKILL:when=1"), status=-9)
    os.utime(folder / "one/one-flat.vmdk")
    program.run(*RECOVER, folder)
    assert not (folder / "one/one-ctk.vmdk").exists()
    assert program.states(folder)["one/one.vmx", "scsi0:0"] == "pending"
