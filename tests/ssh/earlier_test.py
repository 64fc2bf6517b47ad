"""Runs that version 0.1.0 has left on a host, in every state: listed, recovered, undone and purged."""
import pytest

from earlier import contents, leave
from folders import copy_folder, picture

DS = "/vmfs/volumes/ds"


class Left:
    """What lies on the host."""

    def __init__(self, program, host, name, fixtures):
        self.program, self.host, self.volume = program, host, host.volume("ds")
        self.before, self.run = leave(name, fixtures / "healthy/one", self.volume, program.state(), host.target(f"/vmfs/volumes/{self.volume.name}"))

    def json(self, *words, target=DS, **more):
        targets = [self.host.target(target)] if target else []
        return self.program.json(*words, *targets, "--ssh-config", self.host.ssh_config, **more)

    def is_as_before(self):
        return contents(picture(self.volume)) == contents(self.before) and not list(self.volume.rglob(".cbtctl"))


@pytest.fixture(scope="module")
def pristine(module_scratch, fixtures):
    """The machine that they are about, so that the host has it registered."""
    copy_folder(fixtures / "healthy/one", module_scratch / "ds/one")
    return module_scratch / "ds"


@pytest.fixture
def left(program, standin, pristine, fixtures):
    return lambda name: Left(program, standin("8.0", [f"ds={pristine}"]), name, fixtures)


@pytest.mark.parametrize("name, outcome", [("finished", "changed"), ("killed", "unfinished"), ("half", "unfinished")])
def test_they_are_listed(left, name, outcome):
    there = left(name)
    for who, target, told in (("me", None, outcome), ("me", DS, outcome), ("another", DS, None)):
        (listed,) = there.json("history", target=target, who=who, status=0)["runs"]
        assert listed["id"] == there.run and [machine["outcome"] for machine in listed["machines"]] == [told]


@pytest.mark.parametrize("name", ["killed", "half"])
@pytest.mark.parametrize("who", ["me", "another"])
def test_they_are_recovered_by_the_operators_word(left, name, who):
    there = left(name)
    there.json("disable", "--yes", who=who, status=4)
    assert list(there.volume.rglob("lock")), "it was written on another machine: nobody can tell whether it is at work"
    told = there.json("repair", "--yes", "--only", "ctk-orphan", "--take-over", there.run, who=who)
    assert [result["outcome"] for result in told["recovered"]] == ["rolled-back"] and there.is_as_before()


@pytest.mark.parametrize("name", ["killed", "half"])
def test_they_are_put_right_by_undo(left, name):
    there = left(name)
    told = there.json("undo", there.run, "--yes", "--take-over", there.run, target=None, status=0)
    assert [result["outcome"] for result in told["recovered"]] == ["rolled-back"] and there.is_as_before()


@pytest.mark.parametrize("who, target", [("me", None), ("me", DS), ("another", DS)])
def test_they_are_undone(left, who, target):
    there = left("finished")
    done = there.json("undo", there.run, "--yes", target=target, who=who, status=0)
    assert [result["outcome"] for result in done["results"]] == ["restored"] and there.is_as_before()


def test_they_are_purged(left):
    there = left("finished")
    (gone,) = there.json("purge", "--older-than", "0", "--yes", status=0)["runs"]
    assert gone["run"] == there.run and gone["deleted"] and not list(there.volume.rglob(".cbtctl"))
