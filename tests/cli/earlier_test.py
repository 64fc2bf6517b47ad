"""Runs that version 0.1.0 has left, in every state: listed, recovered, undone and purged."""
import pytest

from earlier import contents, leave
from folders import picture


@pytest.fixture
def left(program, copy_of, scratch):
    """A function: what 0.1.0 left in one of the states; (datastore, what it was before, the id of the run)."""
    def make(name):
        top = scratch / name / "ds"
        return top, *leave(name, copy_of("healthy") / "one", top, program.state())
    return make


@pytest.mark.parametrize("name, outcomes", [("finished", ["changed"]), ("killed", ["unfinished"]),
                                            ("half", ["unfinished"]), ("undone", ["restored"]),
                                            ("twice", ["changed", "changed"])])
def test_they_are_listed(program, left, name, outcomes):
    ds, _, run = left(name)
    (listed,) = program.json("history", status=0)["runs"]
    assert listed["id"] == run and [machine["outcome"] for machine in listed["machines"]] == outcomes
    there = program.json("history", ds, who="another", status=0)["runs"]
    assert [each["id"] for each in there] == ([] if name == "undone" else [run])


@pytest.mark.parametrize("name", ["killed", "half"])
@pytest.mark.parametrize("who", ["me", "another"])
def test_they_are_recovered_by_the_operators_word(program, left, name, who):
    ds, before, run = left(name)
    program.json("repair", ds, "--yes", who=who)
    assert list(ds.rglob("lock")), "it was written on another machine: nobody can tell whether it is at work"
    told = program.json("repair", ds, "--yes", "--only", "ctk-orphan", "--take-over", run, who=who)
    assert [result["outcome"] for result in told["recovered"]] == ["rolled-back"]
    assert contents(picture(ds)) == contents(before)
    assert not list(ds.rglob(".cbtctl"))


@pytest.mark.parametrize("name", ["finished", "twice"])
@pytest.mark.parametrize("who", ["me", "another"])
def test_they_are_undone(program, left, name, who):
    ds, before, run = left(name)
    targets = [ds / "d1", ds / "d2"] if name == "twice" else [ds]
    done = program.json("undo", run, *(targets if who == "another" else ()), "--yes", who=who, status=0)
    assert {result["outcome"] for result in done["results"]} == {"restored"}
    assert contents(picture(ds)) == contents(before)
    assert not list(ds.rglob(".cbtctl"))


def test_they_are_purged(program, left):
    ds, _, run = left("finished")
    (gone,) = program.json("purge", ds, "--older-than", "0", "--yes", status=0)["runs"]
    assert gone["run"] == run and gone["deleted"] and not list(ds.rglob(".cbtctl"))
