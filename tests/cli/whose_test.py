"""Whose run, whose lock: names that anybody may have given, two machines of one path, plans that somebody has put there,
two verbs at once, and what the history says of a run that was stopped anywhere."""
import json
import os
import shutil
import threading

import pytest

from folders import copy_folder, picture
from program import RECOVER, fault

YES = (b"Type yes to go on", b"yes\n")
NO = (b"Type yes to go on", b"no\n")


@pytest.fixture
def ds(copy_of):
    """Three healthy machines."""
    return copy_of("healthy")


@pytest.fixture
def stopped(program, ds):
    """The same, and a reset of one of them that was killed when its CTK file went aside."""
    program.run("reset", ds, "--vm", "one", "--yes", under=fault("renameat2", "signal=SIGKILL:when=1"), status=-9)
    return ds


def outcomes(document):
    return [(result["outcome"], result["reason"]) for result in document["results"]]


def history(program, run=None):
    runs = program.json("history", status=0)["runs"]
    return [machine["outcome"] for each in runs if run in (None, each["id"]) for machine in each["machines"]]


def everything(folder):
    """What cbtctl keeps for itself too."""
    return sorted((str(path), path.read_bytes()) for path in folder.rglob("*")
                  if path.is_file() and not path.name.endswith("-flat.vmdk"))


# --- no name can throw -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "lock/20260131T093000Z-1f2e.fffffffffffffffffff-1-1-1-1.one.vmx",
    "lock/20260131T093000Z-1f2e.1-fffffffffffffffffff-1-1-1.one.vmx",
    "lock/\udcff", "20260131T093000Z-1f2e/one.vmx.fffffffffffffffffff-1-1-1-1.new",
    "20260131T093000Z-fffffffffffffffffff/one.vmx.plan.json"])
@pytest.mark.parametrize("words", [["disable", "--vm", "one", "--yes"], ["purge", "--older-than", "0", "--yes"],
                                   ["history"], ["undo", "--yes"]])
def test_no_name_can_stop_a_verb(program, ds, name, words):
    path = ds / "one/.cbtctl" / name
    path.parent.mkdir(parents=True)
    path.touch()
    found = program.run(words[0], ds, *words[1:])
    assert 0 <= found.returncode < 64, found


# --- two machines of one path ----------------------------------------------------------------------------------------


@pytest.fixture
def twins(ds, scratch):
    """Two targets that have one path in common."""
    for name in ("d1", "d2"):
        copy_folder(ds / "one", scratch / name / "lost")
    return scratch / "d1", scratch / "d2"


def test_of_two_machines_of_one_path_each_is_undone_by_itself(program, twins):
    first, second = twins
    before = [picture(each) for each in twins]
    run = program.json("reset", first, second, "--yes", status=0)["run"]
    second.rename(second.with_name("d2x"))
    part = program.json("undo", "--yes", status=8)
    assert outcomes(part) == [("restored", None)] and picture(first) == before[0]
    assert [machine["reason"] for machine in part["plan"]["refused"]] == ["unreachable"]
    assert sorted(history(program, run)) == ["changed", "restored"]
    second.with_name("d2x").rename(second)
    rest = program.json("undo", run, "--yes", status=0)
    assert outcomes(rest) == [("restored", None)] and len(rest["plan"]["unchanged"]) == 1
    assert [picture(each) for each in twins] == before and history(program, run) == ["restored", "restored"]


@pytest.mark.parametrize("option", ["--assume-powered-off", "--assume-unregistered"])
@pytest.mark.parametrize("word", ["one", "lost/one.vmx"])
def test_a_word_of_honour_is_for_one_machine(program, twins, option, word):
    before = [picture(each) for each in twins]
    told = program.run("disable", *twins, "--yes", option, word, status=16, says="fits more than one virtual machine")
    assert all(f"{each}/lost/one.vmx" in told.stderr for each in twins)
    assert [picture(each) for each in twins] == before


@pytest.mark.parametrize("option", ["--assume-powered-off", "--assume-unregistered"])
@pytest.mark.parametrize("verb", ["apply", "undo"])
def test_so_it_is_for_a_plan_and_its_undo(program, twins, scratch, verb, option):
    program.run("disable", *twins, "--plan-out", scratch / "plan.json", status=0)
    if verb == "undo":
        program.run("apply", scratch / "plan.json", "--yes", status=0)
    before = [picture(each) for each in twins]
    words = [verb, *([scratch / "plan.json"] if verb == "apply" else [])]
    told = program.run(*words, "--yes", option, "one", status=16, says="fits more than one virtual machine")
    assert all(f"{each}/lost/one.vmx" in told.stderr for each in twins)
    assert [picture(each) for each in twins] == before


def test_take_over_is_for_one_lock(program, twins):
    for each in twins:
        (each / "lost/.cbtctl/lock").mkdir(parents=True)
    program.run("disable", *twins, "--yes", "--take-over", "lost", status=16, says="fits more than one lock")
    assert all((each / "lost/.cbtctl/lock").is_dir() for each in twins)


# --- what recovery does is agreed to ---------------------------------------------------------------------------------


def test_no_to_the_first_question_leaves_everything(program, stopped):
    before = everything(stopped)
    told = program.on_terminal("disable", stopped, "--vm", "one", answers=[NO])
    assert told.returncode == 32 and everything(stopped) == before
    assert "one/one.vmx: run" in told.stdout and "become what they were" in told.stdout


def test_there_are_two_questions(program, stopped, scratch):
    told = program.on_terminal("disable", stopped, "--vm", "one", answers=[YES, NO])
    assert told.returncode == 32 and told.stdout.count("Type yes to go on") == 2
    assert not list(stopped.rglob("lock")) and 'ctkEnabled = "TRUE"' in (stopped / "one/one.vmx").read_text()


def test_a_machine_that_is_not_selected_is_not_recovered(program, stopped):
    before = everything(stopped / "one")
    program.json("disable", stopped, "--vm", "three", "--yes", who="another")
    assert everything(stopped / "one") == before


@pytest.fixture
def two_folders(program, ds, scratch):
    """A stopped run of a machine whose disk lies in another folder."""
    (ds / "disks").mkdir()
    for path in (ds / "one").glob("one*.vmdk"):
        path.rename(ds / "disks" / path.name)
    vmx = ds / "one/one.vmx"
    vmx.write_text(vmx.read_text().replace('"one.vmdk"', '"../disks/one.vmdk"'))
    program.run("reset", ds, "--vm", "one", "--yes", under=fault("renameat2", "signal=SIGKILL:when=1"), status=-9)
    assert (ds / "disks/.cbtctl").is_dir() and (ds / "one/.cbtctl").is_dir()
    return ds


def test_a_plan_that_its_operator_has_not_and_not_every_folder_holds_is_not_believed(program, two_folders):
    next(two_folders.glob("disks/.cbtctl/2*/*.plan.json")).unlink()
    before = everything(two_folders)
    told = program.json("repair", two_folders, "--yes", who="another")
    seen = {result["outcome"] for result in told["recovered"]}
    assert seen == {"failed", "refused"} and everything(two_folders) == before
    told = program.json("repair", two_folders, "--yes")
    assert [result["outcome"] for result in told["recovered"]] == ["rolled-back"]


def test_a_plan_that_all_folders_hold_is_believed(program, two_folders):
    told = program.json("repair", two_folders, "--yes", who="another")
    assert [result["outcome"] for result in told["recovered"]] == ["rolled-back"]
    assert not list(two_folders.rglob(".cbtctl"))


@pytest.fixture
def two_targets(program, ds, scratch):
    """The same where the other folder is a target of its own, and the option that leads there."""
    first, second = scratch / "first", scratch / "second"
    copy_folder(ds / "one", first / "one")
    second.mkdir()
    for path in (first / "one").glob("one*.vmdk"):
        path.rename(second / path.name)
    vmx = first / "one/one.vmx"
    vmx.write_text(vmx.read_text().replace('"one.vmdk"', '"/vmfs/volumes/second/one.vmdk"'))
    mapped = ["--map", f"/vmfs/volumes/second={second}"]
    program.run("reset", first, second, *mapped, "--yes", under=fault("renameat2", "signal=SIGKILL:when=1"), status=-9)
    return first, second, mapped


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("who", ["me", "another"])
def test_a_folder_out_of_reach_keeps_the_lock(program, two_targets, who, turned):
    first, second, mapped = two_targets
    before = everything(first), everything(second)
    for verb in ("repair", "disable", "clean"):
        for there in (first, second):
            told = program.json(verb, there, "--yes", who=who, status=4)
            assert [result["reason"] for result in told["recovered"]] == ["outside-scan"]
    program.run("disable", first, second, *mapped, "--dry-run", who=who, status=4, says="its files become what they were")
    assert (everything(first), everything(second)) == before
    both = [second, first] if turned else [first, second]
    told = program.json("disable", *both, *mapped, "--yes", who=who, status=0)
    assert [result["outcome"] for result in told["recovered"]] == ["rolled-back"]
    assert not list(first.rglob("lock")) and not list(second.rglob("lock"))


def test_a_plan_of_another_run_beside_a_lock_is_not_that_of_the_lock(program, stopped):
    plan = next(stopped.glob("one/.cbtctl/2*/*.plan.json"))
    document = json.loads(plan.read_text())
    plan.write_text(json.dumps(document | {"id": "20200101T000000Z-0001"}))
    before = everything(stopped)
    told = program.json("disable", stopped, "--vm", "one", "--yes", who="another")
    assert everything(stopped) == before and told["recovered"][0]["outcome"] in ("failed", "refused")


# --- another machine of the disk ---------------------------------------------------------------------------------------


def take_disk_of_one(ds):
    """A machine in another folder, by now with the disk of `one`, and with its keys TRUE."""
    text = (ds / "one/one.vmx").read_text().replace('"one.vmdk"', '"../one/one.vmdk"').replace('"FALSE"', '"TRUE"')
    (ds / "thief").mkdir()
    (ds / "thief/thief.vmx").write_text(text)


def test_undo_tracks_no_disk_that_another_machine_has_by_now(program, ds):
    run = program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    take_disk_of_one(ds)
    before = picture(ds)
    assert outcomes(program.json("undo", run, "--yes", status=4)) == [("refused", "would-be-tracked")]
    assert picture(ds) == before


def test_what_a_recovery_will_do_is_told_as_it_is(program, stopped):
    assert "become what they were" in program.run(*RECOVER[:-1], stopped, "--dry-run").stderr
    take_disk_of_one(stopped)
    told = program.run(*RECOVER[:-1], stopped, "--dry-run").stderr
    assert "thief.vmx scsi0:0 would be tracked" in told and "planned anew" in told


@pytest.fixture
def failed(copy_of):
    """Machines that need consolidation: one beside an old copy of its .vmx, one with a disk on another datastore."""
    ds = copy_of("findings")
    for each in ds.iterdir():
        if not each.name.startswith("snapshot-not-listed."):
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    proxy = (ds / "snapshot-not-listed.ds1/web.vmx").read_text()
    proxy = proxy.replace('"web.vmdk"', '"../snapshot-not-listed.ds2/web_1.vmdk"')
    (ds / "proxy").mkdir()
    (ds / "proxy/proxy.vmx").write_text(proxy.replace("scsi0:1.", "x").replace('displayName = "web"', "").replace(
        'scsi0:0.present', 'scsi0:0.mode = "independent-nonpersistent"\nscsi0:0.present'))
    return ds


@pytest.mark.parametrize("vm", ["snapshot-not-listed.ds1/web.vmx", "snapshot-not-listed.copy/app.vmx"])
@pytest.mark.parametrize("verb", ["enable", "disable", "reset"])
def test_what_needs_consolidation_is_refused_by_dry_run_and_run_alike(program, failed, verb, vm):
    text, name = (failed / vm).read_text(), vm.split("/")[-1].removesuffix(".vmx")
    (failed / vm).write_text(text + "".join(
        f'{key} = "TRUE"\n' for key in ("ctkEnabled", "scsi0:0.ctkEnabled", "scsi0:1.ctkEnabled")))
    before = picture(failed)
    for how in ("--dry-run", "--yes"):
        told = program.json(verb, failed, "--vm", name, how, status=4)
        assert [each["reason"] for each in told["plan"]["refused"]] == ["needs-consolidation"]
    assert picture(failed) == before
    alone = [f for f in program.json("check", failed / vm)["findings"] if f["code"] == "snapshot-not-listed"]
    wide = [f for f in program.json("check", failed, "--vm", name)["findings"] if f["code"] == "snapshot-not-listed"]
    assert len(wide) == 1 and len(alone) == ("copy" in vm)  # a target that is one .vmx sees no other folder


# --- two verbs at once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("meddle", [lambda run: (run.parent / "lock").mkdir(), lambda run: (run / "new").touch()])
def test_purge_looks_again_after_its_question(program, ds, meddle):
    run = ds / "one/.cbtctl" / program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    timer = threading.Timer(0.7, meddle, [run])
    timer.start()
    told = program.on_terminal("purge", ds, "--older-than", "0", answers=[YES], thinks_s=1.5)
    timer.join()
    assert told.returncode == 4 and list(run.glob("*.moved"))


def test_purge_leaves_no_lock(program, ds):
    program.run("disable", ds, "--vm", "one", "--yes", status=0)
    program.run("purge", ds, "--older-than", "0", "--yes", status=0)
    assert not list(ds.rglob(".cbtctl"))


# --- what the history says -------------------------------------------------------------------------------------------


def test_what_was_not_begun_is_called_so(program, copy_of):
    words = [word for name in ("app01", "rdm", "old01") for word in ("--vm", name)]
    program.run("disable", copy_of("demo"), *words, "--yes", under=fault("renameat2", "signal=SIGKILL:when=1"),
                status=-9)
    first, *rest = history(program)
    assert first == "unfinished" and rest and set(rest) == {"not-begun"}
    undone = program.json("undo", "--yes")
    told = [machine["message"] for machine in undone["plan"]["unchanged"]]
    assert len([message for message in told if message.startswith("not-begun")]) == len(rest)


@pytest.mark.parametrize("call, moments", [("unlinkat", [*range(1, 9), *range(28, 35)]),
                                           ("fsync,fdatasync", range(1, 7)), ("write", range(1, 7)),
                                           ("renameat2", range(1, 6))])
def test_an_undo_that_is_killed_anywhere_has_the_history_of_its_files(program, copy_of, call, moments):
    for moment in moments:
        ds = copy_of("healthy")
        before = picture(ds)
        run = program.json("reset", ds, "--vm", "one", "--yes", status=0)["run"]
        program.run("undo", run, "--yes", "--quiet", under=fault(call, f"signal=SIGKILL:when={moment}"))
        is_back, is_locked = picture(ds) == before, bool(list(ds.rglob("lock")))
        if is_back and not is_locked:
            assert history(program, run) == ["restored"], moment
        program.json("undo", run, "--yes")
        assert picture(ds) == before and history(program, run) == ["restored"], moment
        assert not list(ds.rglob(".cbtctl")), moment


def test_runs_are_taken_back_in_order(program, ds):
    before = picture(ds)
    runs = [program.json(verb, ds, "--vm", "three", "--yes", status=0)["run"] for verb in ("enable", "disable", "enable")]
    late = program.json("undo", runs[0], "--yes", status=4)
    assert [machine["reason"] for machine in late["plan"]["refused"]] == ["changed-meanwhile"]
    assert runs[2] in late["plan"]["refused"][0]["message"]
    for run in reversed(runs):
        assert outcomes(program.json("undo", run, "--yes", status=0)) == [("restored", None)]
    assert picture(ds) == before


def test_that_is_asked_again_under_the_lock(program, ds):
    """Two runs more, between the question and its answer, after which the files are what they were."""
    first = program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    meddling = threading.Timer(1.5, lambda: [program.run(verb, ds, "--vm", "one", "--yes", status=0)
                                             for verb in ("enable", "disable")])
    meddling.start()
    told = program.on_terminal("undo", first, answers=[YES], thinks_s=6)
    meddling.join()
    assert told.returncode == 4 and "take that back first" in told.stdout
    assert not list(ds.rglob("lock")) and len(list(ds.glob("one/.cbtctl/2*"))) == 3


def test_a_plan_that_was_carried_out_is_already_done(program, ds, scratch):
    program.run("disable", ds, "--vm", "one", "--plan-out", scratch / "plan.json")
    assert outcomes(program.json("apply", scratch / "plan.json", "--yes", status=0)) == [("changed", None)]
    again = program.json("apply", scratch / "plan.json", "--yes", status=4)
    assert [machine["reason"] for machine in again["plan"]["refused"]] == ["already-done"]


def test_the_runs_of_a_machine_are_in_order_whatever_the_clock_says(program, ds):
    (ds / "one/.cbtctl/20990101T000000Z-8000").mkdir(parents=True)
    run = program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    assert run > "20990101T000000Z-8000"
    (gone,) = [each for each in program.json("purge", ds, "--older-than", "0", "--yes")["runs"] if each["run"] == run]
    assert gone["deleted"]


def test_purge_goes_by_the_end_of_a_run(program, ds):
    """Whatever its id says."""
    run = program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    folder = ds / "one/.cbtctl" / run
    old = folder.rename(folder.with_name("20200101T000000Z-0001"))
    for plan in old.glob("*.plan.json"):
        plan.write_text(plan.read_text().replace(run, old.name))
    assert program.json("purge", ds, "--yes", status=0)["runs"] == [] and old.is_dir()
    os.utime(old, (0, 0))
    (gone,) = program.json("purge", ds, "--yes", status=0)["runs"]
    assert gone["deleted"] and not (ds / "one/.cbtctl").exists()


def test_another_users_run_is_looked_for_in_the_folder_that_is_told(program, ds):
    run = program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    program.run("undo", run, "--yes", who="another", status=16, says=str(program.state("another")))
    assert json.loads((program.state() / "cbtctl" / run / "plan.json").read_text())["schema"] == "cbtctl.plan/2"
