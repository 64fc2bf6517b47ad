"""What a later version has left: it is told which version to use, and nothing is done about it, nor called nothing."""
import json

import pytest

from folders import picture
from program import fault
from schemas import violations

WORD = "use cbtctl 7.0"
WRITING = [["repair"], ["disable"], ["clean"], ["undo"], ["disable", "--take-over", "one"], ["undo", "--take-over", "one"],
           ["purge", "--older-than", "0"]]


@pytest.fixture
def ds(copy_of):
    """Three healthy machines."""
    return copy_of("healthy")


def make_later(*plans):
    for path in plans:
        document = json.loads(path.read_text()) | {"schema": "cbtctl.plan/9", "tool": "7.0"}
        for machine in document["machines"]:
            machine["changes"] = {"of a form": "that nobody knows"}
        path.write_text(json.dumps(document))


def everything(folder):
    """What cbtctl keeps for itself too."""
    return sorted((str(path), path.read_bytes()) for path in folder.rglob("*")
                  if path.is_file() and not path.name.endswith("-flat.vmdk"))


def stop(program, ds, call="renameat2"):
    program.run("reset", ds, "--vm", "one", "--yes", under=fault(call, "signal=SIGKILL:when=1"), status=-9)


@pytest.fixture
def stopped(program, ds):
    """A reset of a later version that was killed."""
    stop(program, ds)
    make_later(*ds.rglob("*.plan.json"), *program.state().rglob("plan.json"))
    return ds


@pytest.fixture
def finished(program, ds):
    """The same that came to its end."""
    run = program.json("reset", ds, "--vm", "one", "--yes", status=0)["run"]
    make_later(*ds.rglob("*.plan.json"), *program.state().rglob("plan.json"))
    return ds, run


# --- stopped: its lock is held, whoever asks -------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["me", "another"])
@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_a_stopped_run_of_a_later_version_is_left(program, stopped, words, who):
    before = everything(stopped)
    told = program.run(words[0], stopped, "--vm", "one", *words[1:], "--yes", who=who)
    assert everything(stopped) == before and told.returncode in (4, 8), told
    assert WORD in told.stderr + told.stdout or words[0] == "purge"


@pytest.mark.parametrize("words", WRITING[:2] + WRITING[4:5], ids=" ".join)
def test_so_it_is_where_it_had_changed_nothing_yet(program, ds, words):
    stop(program, ds, "linkat")
    make_later(*ds.rglob("*.plan.json"))
    before = everything(ds)
    told = program.json(words[0], ds, "--vm", "one", *words[1:], "--yes", who="another")
    assert everything(ds) == before and WORD in json.dumps(told)


@pytest.fixture
def strange(ds):
    """A lock in which somebody has a name that this version does not know."""
    path = ds / "one/.cbtctl/lock/v9=20260131T093000Z=one.vmx"
    path.parent.mkdir(parents=True)
    path.touch()
    return ds


def test_of_a_name_in_a_lock_that_is_not_known_nobody_can_tell(program, strange):
    before = everything(strange)
    told = program.json("disable", strange, "--vm", "one", "--yes", status=4)
    assert everything(strange) == before
    assert "v9=20260131T093000Z=one.vmx" in told["plan"]["refused"][0]["message"]
    done = program.json("disable", strange, "--vm", "one", "--yes", "--take-over", "one", status=0)
    assert [result["outcome"] for result in done["results"]] == ["changed"] and not list(strange.rglob("lock"))


def test_beside_a_dead_owner_it_keeps_the_lock(program, ds):
    stop(program, ds)
    next(ds.rglob("lock")).joinpath("v9=one.vmx").touch()
    before = everything(ds)
    program.run("disable", ds, "--vm", "one", "--yes", status=4)
    assert everything(ds) == before
    told = program.json("disable", ds, "--vm", "one", "--yes", "--take-over", "one", status=0)
    assert [result["outcome"] for result in told["recovered"]] == ["rolled-back"] and not list(ds.rglob("lock"))


def test_a_lock_of_such_names_over_a_later_plan_is_not_for_the_operators_word(program, stopped):
    for path in list(stopped.glob("one/.cbtctl/lock/*")):
        path.rename(path.with_name("v9=" + path.name))
    before = everything(stopped)
    told = program.json("disable", stopped, "--vm", "one", "--yes", "--take-over", "one", status=4)
    assert everything(stopped) == before and WORD in told["plan"]["refused"][0]["message"]


# --- finished: listed, and neither undone nor purged -----------------------------------------------------------------


@pytest.mark.parametrize("who", ["me", "another"])
def test_a_finished_run_of_a_later_version_is_listed(program, finished, who):
    ds, run = finished
    for words in ([], [ds]):
        told = program.json("history", *words, who=who, status=0)
        if who == "another" and not words:
            continue
        assert violations(told) == []
        assert [(each["id"], each["verb"]) for each in told["runs"]] == [(run, None)] and WORD in told["runs"][0]["trouble"]
        program.run("history", *words, who=who, status=0, shows=WORD)


def test_it_is_not_undone(program, finished):
    ds, run = finished
    before = everything(ds)
    for words in ([run], [run, ds], [ds], []):
        told = program.run("undo", *words, "--yes")
        assert told.returncode in (8, 16) and everything(ds) == before, words
        assert WORD in told.stderr, words


def test_what_it_changed_over_an_earlier_run_keeps_that_from_being_undone(program, ds):
    first = program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    second = program.json("enable", ds, "--vm", "one", "--yes", status=0)["run"]
    make_later(*ds.glob(f"one/.cbtctl/{second}/*.plan.json"), program.state() / "cbtctl" / second / "plan.json")
    before = everything(ds)
    told = program.json("undo", first, "--yes", status=4)
    assert second in told["plan"]["refused"][0]["message"] and everything(ds) == before


def test_it_is_not_purged(program, finished):
    ds, _ = finished
    before = everything(ds)
    program.run("purge", ds, "--older-than", "0", "--yes", status=4, says=WORD)
    assert everything(ds) == before


def test_its_plan_is_not_applied(program, ds, scratch):
    program.run("disable", ds, "--vm", "one", "--plan-out", scratch / "plan.json")
    make_later(scratch / "plan.json")
    before = picture(ds)
    program.run("apply", scratch / "plan.json", "--yes", status=16, says=WORD)
    assert picture(ds) == before


def test_its_journal_is_neither_believed_nor_written(program, ds):
    run = program.json("disable", ds, "--vm", "one", "--yes", status=0)["run"]
    journal = program.state() / "cbtctl" / run / "journal"
    journal.write_text('{"schema": "cbtctl.journal/9", "tool": "7.0"}\n{"of a form": "that nobody knows"}\n')
    before = everything(ds), journal.read_bytes()
    program.run("undo", run, "--yes", status=8, says=WORD)
    assert WORD in program.json("history", status=0)["runs"][0]["trouble"]
    assert (everything(ds), journal.read_bytes()) == before
    program.run("purge", ds, "--older-than", "0", "--yes", status=0)
    assert journal.read_bytes() == before[1]
