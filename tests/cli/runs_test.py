"""Runs as users live with them: recovery, undo by another administrator, history and its proof, purge, words of
honour."""
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from folders import picture
from program import fault


@pytest.fixture
def ds(copy_of):
    """Three healthy machines."""
    return copy_of("healthy")


@pytest.fixture
def many(copy_of):
    """The demo."""
    return copy_of("demo")


@pytest.fixture
def stop_in_the_middle(program):
    """Kills a reset when the first CTK file goes aside."""
    def stop(folder, vm="one"):
        killing = fault("renameat2", "signal=SIGKILL:when=1")
        program.run("reset", folder, "--vm", vm, "--yes", under=killing, status=-9)
        assert (folder / vm / ".cbtctl/lock").is_dir()
    return stop


@pytest.fixture
def stopped(ds, stop_in_the_middle):
    """Three machines, and a reset of one of them that was killed half-way."""
    before = picture(ds)
    stop_in_the_middle(ds)
    assert picture(ds) != before
    return ds


def outcomes(document):
    return [(result["outcome"], result["reason"]) for result in document["results"]]


def recovered(document):
    return [result["outcome"] for result in document["recovered"]]


def refused(document):
    return [(machine["vm"], machine["reason"]) for machine in document["plan"]["refused"]]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def runs_in(folder):
    """Folders of runs; app01 of the demo has kept one from before."""
    return [path for path in folder.rglob(".cbtctl") if path.parent.name != "app01"]


# --- a run that was stopped is found by whoever writes next, and nobody else touches it ------------------------------


@pytest.mark.parametrize("verb", ["check", "scan"])
def test_a_reading_verb_leaves_a_stopped_run(program, stopped, verb):
    middle = picture(stopped)
    assert program.run(verb, stopped).returncode in ((0, 4) if verb == "check" else (0,))
    assert picture(stopped) == middle


def test_a_dry_run_tells_a_stopped_run_and_leaves_it(program, stopped):
    middle = picture(stopped)
    assert ("one/one.vmx", "locked") in refused(program.json("disable", stopped, "--dry-run"))
    assert picture(stopped) == middle


def test_without_yes_and_a_terminal_a_stopped_run_is_left(program, stopped):
    middle = picture(stopped)
    program.run("disable", stopped, status=16)
    assert picture(stopped) == middle


def test_purge_leaves_a_stopped_run(program, stopped):
    middle = picture(stopped)
    program.run("purge", stopped, "--older-than", "0", "--yes", status=4)
    assert picture(stopped) == middle and (stopped / "one/.cbtctl/lock").is_dir()


def test_a_verb_of_another_administrator_takes_it_back_and_leaves_no_trace(program, ds, stop_in_the_middle):
    before = picture(ds)
    stop_in_the_middle(ds)
    words = ["--vm", "one", "--vm", "three", "--only", "ctk-orphan"]
    other = program.json("repair", ds, *words, "--yes", who="another")
    assert recovered(other) == ["rolled-back"] and picture(ds) == before and not list(ds.rglob(".cbtctl"))


def test_a_run_of_a_machine_that_is_not_selected_is_left(program, stopped):
    middle = picture(stopped)
    other = program.json("enable", stopped, "--vm", "two", "--dry-run", who="another")
    assert recovered(other) == [] and picture(stopped) == middle
    other = program.json("repair", stopped, "--vm", "two", "--yes", who="another")
    assert recovered(other) == [] and picture(stopped) == middle and (stopped / "one/.cbtctl/lock").is_dir()


def test_the_history_of_the_first_administrator_calls_it_unfinished(program, stopped):
    program.run("repair", stopped, "--vm", "one", "--yes", who="another")
    runs = program.json("history")["runs"]
    assert [machine["outcome"] for run in runs for machine in run["machines"]] == ["unfinished"]


def test_undo_puts_it_right(program, ds, stop_in_the_middle):
    before = picture(ds)
    stop_in_the_middle(ds)
    assert recovered(program.json("undo", "--yes")) == ["rolled-back"] and picture(ds) == before


def test_apply_puts_it_right_first(program, ds, scratch, stop_in_the_middle):
    program.run("disable", ds, "--vm", "one", "--plan-out", scratch / "plan.json")
    stop_in_the_middle(ds)
    applied = program.json("apply", scratch / "plan.json", "--yes")
    assert recovered(applied) == ["rolled-back"] and outcomes(applied) == [("changed", None)]


def test_where_the_machine_ran_meanwhile_it_goes_forward_to_what_was_promised(program, stopped):
    vmx = stopped / "one/one.vmx"
    vmx.write_text(vmx.read_text() + 'vmci0.id = "1"\n')  # as ESXi rewrites it
    (stopped / "one/vmware.log").write_text("VMX exit (0).\n")
    (first,) = program.json("repair", stopped, "--vm", "one", "--yes")["recovered"]
    assert first["outcome"] == "changed" and "finished as run" in first["message"]
    states = program.states(stopped)
    assert [state for (path, _), state in states.items() if path == "one/one.vmx"] == ["pending"]
    assert not (stopped / "one/one-ctk.vmdk").exists() and "vmci0.id" in vmx.read_text()


def test_while_the_machine_runs_nobody_touches_it(program, stopped):
    (stopped / "one/one.vmx.lck").touch()
    middle = picture(stopped)
    answer = program.json("disable", stopped, "--vm", "one", "--yes", status=4)
    assert answer["recovered"][0]["reason"] == "locked" and picture(stopped) == middle


# --- a lock that nobody can account for is told and never broken, but by the operator's word --------------------------


@pytest.fixture
def locked(ds):
    """Three machines; of one somebody has made the lock by hand."""
    (ds / "one/.cbtctl/lock").mkdir(parents=True)
    return ds


def test_a_lock_made_by_hand_stays_and_is_told(program, locked):
    before = picture(locked)
    answer = program.json("reset", locked, "--vm", "one", "--yes", status=4)
    assert (locked / "one/.cbtctl/lock").is_dir() and picture(locked) == before
    assert "locked" in {reason for _, reason in refused(answer)}


def test_take_over_breaks_it(program, locked):
    answer = program.json("reset", locked, "--vm", "one", "--yes", "--take-over", "one/.cbtctl", status=0)
    assert outcomes(answer) == [("changed", None)]


def test_a_run_on_another_machine_is_never_broken(program, locked):
    foreign = locked / "one/.cbtctl/lock/20260101T000000Z-abcd.12-34-deadbeef-00000000-00000000.one.vmx"
    foreign.touch()
    answer = program.json("disable", locked, "--vm", "one", "--yes", status=4)
    assert foreign.exists() and "20260101T000000Z-abcd" in answer["plan"]["refused"][0]["message"]


# --- undo: by another administrator, at another mount point, one machine of many, once only --------------------------


@pytest.fixture
def before(many):
    """What the demo was."""
    return picture(many)


@pytest.fixture
def three(program, many, before):
    """The id of a run that disabled three machines."""
    names = [word for name in ("app01", "rdm", "old01") for word in ("--vm", name)]
    return program.json("disable", many, *names, "--yes", status=0)["run"]


@pytest.fixture
def two(program, many, three):
    """The same once the third of them was taken back."""
    program.json("undo", three, "--vm", "rd?", "--yes", status=0)
    return three


@pytest.fixture
def elsewhere(many, two, scratch):
    """The same folder at another mount point, where its operator knows nothing of it."""
    (scratch / "mnt").mkdir()
    return many.rename(scratch / "mnt/other")


def test_a_run_that_is_not_recorded_cannot_be_undone(program, three):
    program.run("undo", three, "--yes", who="another", status=16)


def test_undo_of_one_machine_takes_it_back_and_leaves_the_others(program, many, before, three):
    partly = program.json("undo", three, "--vm", "rd?", "--yes", status=0)
    assert [result["vm"] for result in partly["results"]] == ["rdm/rdm.vmx"]
    now = picture(many)
    assert now["rdm/rdm.vmx"] == before["rdm/rdm.vmx"] and now["app01/app01.vmx"] != before["app01/app01.vmx"]


def test_the_plan_of_an_undo_restores_from_what_is_there(program, two, elsewhere):
    dry = program.json("undo", two, elsewhere, "--dry-run", who="another", status=0)
    assert {change["kind"] for change in dry["plan"]["changes"]} == {"restore"}
    first = next(change for change in dry["plan"]["changes"] if change["path"] == "app01/app01.vmx")
    assert first["sha256_before"] == digest(elsewhere / "app01/app01.vmx")


def test_history_reads_the_copies_on_the_datastore(program, elsewhere):
    listed = program.json("history", elsewhere, who="another")
    machines = {machine["vm"] for run in listed["runs"] for machine in run["machines"]}
    assert machines == {"app01/app01.vmx", "old01/old01.vmx"}


def test_undo_in_one_folder_and_then_by_the_target_alone_leaves_nothing(program, before, two, elsewhere):
    undone = program.json("undo", two, elsewhere / "app01", "--yes", who="another", status=0)
    assert [result["outcome"] for result in undone["results"]] == ["restored"]
    undone = program.json("undo", elsewhere, "--yes", who="another", status=0)
    assert [result["outcome"] for result in undone["results"]] == ["restored"]
    assert picture(elsewhere) == before and not runs_in(elsewhere)


def test_its_own_operator_sees_that_files_are_as_they_were(program, many, before, two, elsewhere):
    program.json("undo", elsewhere, "--yes", who="another", status=0)
    elsewhere.rename(many)
    again = program.json("undo", two, "--yes")
    told = {machine["message"] for machine in again["plan"]["unchanged"]}
    assert picture(many) == before and "results" not in again and told == {"it was taken back already"}


def test_what_was_taken_back_already_is_left_alone(program, many):
    run = program.json("disable", many, "--vm", "rdm", "--yes", status=0)["run"]
    program.json("undo", run, "--yes", status=0)
    nothing = program.json("undo", run, "--yes", status=0)
    assert nothing["plan"]["unchanged"][0]["message"] == "it was taken back already"


def test_detailed_exitcode_tells_that_something_was_changed(program, many):
    program.run("disable", many, "--vm", "rdm", "--yes", "--detailed-exitcode", status=1)
    program.run("undo", "--yes", "--detailed-exitcode", status=1)


# --- step by step, and the proof after a power-on --------------------------------------------------------------------


@pytest.fixture
def run(program, ds):
    """The id of a run that reset one machine."""
    return program.json("reset", ds, "--vm", "one", "--yes", status=0)["run"]


@pytest.fixture
def power_on(ds, run):
    """The machine as ESXi leaves it after a power-on: a new CTK file with this UUID, or with the old one."""
    kept = next((ds / "one/.cbtctl" / run).glob("*.moved")).read_bytes()

    def on(uuid=kept[44:60]):
        text = (ds / "one/one.vmdk").read_text().replace("version=1", "version=3")
        (ds / "one/one.vmdk").write_text(f'{text}\n# Change Tracking File\nchangeTrackPath="one-ctk.vmdk"\n')
        (ds / "one/one-ctk.vmdk").write_bytes(kept[:44] + uuid + kept[60:])
    return on


def test_history_tells_a_run_step_by_step_with_digests(program, run):
    steps = program.json("history", run, status=0)["runs"][0]["steps"]
    assert [step["what"] for step in steps] == ["begin", "edit", "edit", "quarantine", "edit", "changed"]
    assert [len(step["sha256_before"]) for step in steps[1:5]] == [64] * 4
    assert steps[1]["sha256_after"] != steps[1]["sha256_before"]


def test_before_a_power_on_nothing_is_proven(program, run):
    (proof,) = program.json("history", run, "--verify", status=0)["verification"]
    assert proof["verdict"].startswith("not started yet") and proof["change_id_before"].startswith("52 de c0")


@pytest.mark.parametrize("uuid, verdict", [({"uuid": bytes(range(16))}, "restarted, proven"),
                                           ({}, "not restarted: the UUID is the old one")])
def test_after_a_power_on_the_uuid_tells_whether_tracking_was_restarted(program, run, power_on, uuid, verdict):
    power_on(**uuid)
    (proof,) = program.json("history", run, "--verify", status=0)["verification"]
    assert proof["verdict"] == verdict
    program.run("history", run, "--verify", shows=verdict)


def test_verify_goes_by_the_datastore_alone_too(program, ds, run, power_on):
    power_on()
    told = program.json("history", run, ds, "--verify", who="another")
    assert told["verification"][0]["verdict"].startswith("not restarted")


def test_verify_needs_a_run(program):
    program.run("history", "--verify", status=16)


def test_after_a_power_on_undo_refuses(program, run, power_on):
    power_on()
    assert outcomes(program.json("undo", run, "--yes", status=4)) == [("refused", "ran-since")]


# --- words of honour are the operator's, and are recorded ------------------------------------------------------------


@pytest.fixture
def unproven(ds):
    """Three machines, of one of which nothing says that it is off."""
    vmx = ds / "one/one.vmx"
    vmx.write_text(vmx.read_text().replace('cleanShutdown = "TRUE"', 'cleanShutdown = "FALSE"'))
    return ds


@pytest.fixture
def vouched(program, unproven):
    """A run that the operator vouched for."""
    words = ["--assume-powered-off", "one", "--assume-unregistered", "one/one.vmx"]
    return program.json("disable", unproven, "--vm", "one", "--yes", *words, status=0)


def test_what_is_not_proven_to_be_off_is_refused(program, unproven):
    assert refused(program.json("disable", unproven, "--vm", "one", "--yes")) == [("one/one.vmx", "power-unknown")]


def test_what_is_vouched_for_is_changed(vouched):
    assert outcomes(vouched) == [("changed", None)]


def test_what_is_registered_nowhere_needs_no_reload(vouched):
    assert vouched["results"][0]["follow_up"] == []


def test_else_the_reload_is_told(program, unproven):
    told = program.json("disable", unproven, "--vm", "one", "--yes", "--assume-powered-off", "one")
    assert "vmsvc/reload" in told["results"][0]["follow_up"][0]


def test_both_words_are_recorded(program, vouched):
    machine = program.json("history", vouched["run"])["runs"][0]["machines"][0]
    assert machine["assumed_powered_off"] and machine["assumed_unregistered"], machine


def test_undo_goes_by_the_recorded_word(program, vouched):
    assert outcomes(program.json("undo", vouched["run"], "--yes")) == [("restored", None)]


# --- a plan that is applied later meets every guard again ------------------------------------------------------------


def lock_it(ds):
    (ds / "one/one.vmx.lck").touch()


def give_it_a_snapshot(ds):
    (ds / "one/one.vmsd").write_text((ds / "two/two.vmsd").read_text().replace("two", "one"))


def let_another_use_its_disk(ds):
    text = (ds / "three/three.vmx").read_text()
    (ds / "three/thief.vmx").write_text(text.replace("three.vmdk", "../one/one.vmdk"))


def edit_its_descriptor(ds):
    (ds / "one/one.vmdk").write_text((ds / "one/one.vmdk").read_text() + "\n")


@pytest.mark.parametrize("reason, meddle", [
    ("locked", lock_it), ("has-snapshots", give_it_a_snapshot), ("shared-disk", let_another_use_its_disk),
    ("changed-meanwhile", edit_its_descriptor)])
def test_apply_is_refused_where_a_guard_says_so_by_now(program, ds, scratch, reason, meddle):
    program.run("disable", ds, "--vm", "one", "--plan-out", scratch / "plan.json")
    meddle(ds)
    before = picture(ds)
    late = program.json("apply", scratch / "plan.json", "--yes", status=4)
    assert outcomes(late) == [("refused", reason)] and picture(ds) == before and not list(ds.rglob(".cbtctl"))


def test_clean_is_applied_only_as_long_as_nothing_names_the_file(program, many, scratch):
    program.run("clean", many, "--plan-out", scratch / "plan.json")
    text = (many / "app01/app01.vmdk").read_text()
    (many / "far/backup.vmdk.bak").write_text(text.replace("app01-ctk.vmdk", "../old02/old02-ctk.vmdk"))
    late = program.json("apply", scratch / "plan.json", "--yes", status=4)
    assert (many / "old02/old02-ctk.vmdk").exists() and ("refused", "changed-meanwhile") in outcomes(late)


# --- what is told is what is there, and what is done is what was told ------------------------------------------------


@pytest.fixture
def planned(program, many):
    """The changes that a reset of app01 will make."""
    changes = program.json("reset", many, "--vm", "app01", "--dry-run")["plan"]["changes"]
    assert [change["kind"] for change in changes] == ["edit", "edit", "edit", "quarantine", "quarantine", "edit"]
    return changes


def test_the_digests_of_a_plan_are_those_of_the_files(many, planned):
    told = [(change["path"], change["sha256_before"]) for change in planned[:5]]
    assert told == [(path, digest(many / path)) for path, _ in told]


def test_a_dry_run_prints_the_plan_that_is_carried_out(program, many, planned):
    assert planned == program.json("reset", many, "--vm", "app01", "--yes")["plan"]["changes"]


def test_what_moved_aside_and_old_bytes_are_in_the_folder_of_the_run(program, many, planned):
    program.run("reset", many, "--vm", "app01", "--yes")
    aside = {digest(path) for path in (many / "app01/.cbtctl").rglob("*") if path.is_file()}
    assert {change["sha256_before"] for change in planned[:5]} <= aside


# --- selection -------------------------------------------------------------------------------------------------------


def test_a_slot_that_is_not_there_changes_nothing(program, demo):
    words = ("disable", demo, "--vm", "app01", "--disk", "scsi3:3", "--dry-run")
    assert program.json(*words, status=16)["unmatched"][0]["value"] == "scsi3:3"
    plan = program.json(*words, "--allow-unmatched", status=0)["plan"]
    assert (plan["changes"], plan["unchanged"]) == ([], [])


def test_targets_may_stand_in_a_file(program, demo, scratch):
    (scratch / "targets").write_text(f"# two\n{demo}/app01\n{demo}/rdm/rdm.vmx\n")
    told = program.json("disable", "--targets-file", scratch / "targets", "--jobs", "2", "--dry-run", status=0)
    changed = {(change["target"], change["vm"]) for change in told["plan"]["changes"]}
    assert changed == {(0, "app01.vmx"), (1, "rdm.vmx")}


def test_map_brings_a_disk_into_the_scan(program, many):
    mapping = f"/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7={many}"
    mapped = program.json("reset", many, "--vm", "far", "--map", mapping, "--yes", status=0)
    assert outcomes(mapped) == [("changed", None)] and not (many / "far-data/far-ctk.vmdk").exists()


# --- purge: what is old, of these machines, for good -----------------------------------------------------------------


@pytest.fixture
def two_runs(program, ds):
    """Three machines, and the folders of the runs that changed two of them."""
    first = program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    program.json("enable", ds, "--vm", "three", "--yes", status=0)
    return ds, first


def test_young_runs_stay(program, two_runs):
    assert program.json("purge", two_runs[0], "--yes")["runs"] == [] and (two_runs[0] / "one/.cbtctl").exists()


def test_without_agreement_nothing_is_purged(program, two_runs):
    program.run("purge", two_runs[0], "--older-than", "0", status=16)
    assert (two_runs[0] / "one/.cbtctl").exists()


def test_a_dry_run_of_purge_shows_the_runs_of_the_machines_that_are_named(program, two_runs):
    shown = program.json("purge", two_runs[0], "--older-than", "0", "--vm", "three", "--dry-run", status=0)["runs"]
    assert [run["path"].split("/")[0] for run in shown] == ["three"] and not shown[0]["deleted"]


def test_purge_deletes_the_runs_of_the_machines_that_are_named(program, two_runs):
    ds, _ = two_runs
    (gone,) = program.json("purge", ds, "--older-than", "0", "--vm", "one", "--yes", status=0)["runs"]
    assert gone["deleted"] and gone["files"] == 4
    assert not (ds / "one/.cbtctl").exists() and (ds / "three/.cbtctl").exists()


def test_undo_of_what_was_purged_is_refused(program, two_runs):
    ds, first = two_runs
    program.json("purge", ds, "--older-than", "0", "--vm", "one", "--yes", status=0)
    assert outcomes(program.json("undo", first, "--yes", status=4)) == [("refused", "changed-meanwhile")]


def test_purge_of_one_disk_makes_no_sense(program, ds):
    program.run("purge", ds, "--disk", "scsi0:0", status=16)


# --- stopped before the first change, and between two machines -------------------------------------------------------


def test_without_a_journal_there_is_no_change(program, ds):
    before = picture(ds)
    program.home.mkdir()
    program.state("broken").write_text("a file")
    program.run("disable", ds, "--vm", "one", "--yes", who="broken", status=8)
    assert picture(ds) == before and not list(ds.rglob(".cbtctl"))


@pytest.fixture
def interrupted(program, many):
    """Ctrl-C when the first machine's first file goes aside; 4 says that other machines were refused."""
    return program.json("disable", many, "--yes", under=fault("renameat2", "signal=SIGINT:when=1"), status=32 + 4)


def test_ctrl_c_finishes_the_machine_at_work_and_begins_no_other(many, interrupted):
    first, *rest = [result["outcome"] for result in interrupted["results"]]
    assert first == "changed" and rest and set(rest) == {"cancelled"}
    assert interrupted["exit_status"] == 32 + 4 and not list(many.rglob("lock"))


def test_after_ctrl_c_the_same_again_does_only_what_is_left(program, many, interrupted):
    left = [result["vm"] for result in interrupted["results"] if result["outcome"] == "cancelled"]
    rest = program.json("disable", many, "--yes")["results"]
    assert {result["vm"]: result["outcome"] for result in rest} == dict.fromkeys(left, "changed")
