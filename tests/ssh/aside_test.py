"""On a host too nothing is moved aside, and nothing is deleted for good, but a CTK file (tests/cli/aside_test.py)."""
import pytest

from every_kind import ALONE, MAY_GO_GATHERED as MAY_GO, age, everything, gather, guest_data, make_every_kind, turn_on
from schemas import violations

CHOICES = ("--choose", "ctk-unrecognised=restart", "--choose", "ctk-orphan=quarantine", "--choose",
           "ctk-leftover=quarantine")
THESE = [word for name in ("all", "running", *ALONE) for word in ("--vm", name)]
VERBS = [("reset", *THESE), ("enable", *THESE), ("disable", *THESE), ("repair", "--min-age", "0s", *CHOICES),
         ("clean", "--min-age", "0s", "--any-layout")]


@pytest.fixture(scope="module")
def every_kind(module_scratch):
    make_every_kind(module_scratch / "ds")
    gather(module_scratch / "ds")
    age(module_scratch / "ds")
    return module_scratch / "ds"


@pytest.fixture
def host(standin, every_kind):
    host = standin("8.0", [f"ds={every_kind}"])
    host.set_power("running", "on")
    return host


def change(program, host, verb, *words, target=True):
    report = program.json(verb, *([host.target("/vmfs/volumes/ds")] if target else []), "--yes", *words, "--ssh-config",
                          host.ssh_config)
    assert violations(report) == []
    return report


@pytest.mark.parametrize("verb", VERBS, ids=lambda words: words[0])
def test_all_guest_data_is_there_after_each_verb_and_its_undo(program, host, verb):
    ds = host.volume("ds")
    if verb[0] == "reset":  # it works on what is on
        for name in ("all", *ALONE):
            turn_on(ds / name / f"{name}.vmx")
    before, guests = everything(ds), guest_data(ds, MAY_GO)
    run = change(program, host, *verb)
    assert guest_data(ds, MAY_GO) == guests
    moved = {step["path"] for step in run["plan"]["changes"] if step["kind"] == "quarantine"}
    assert moved and moved <= MAY_GO, moved - MAY_GO
    assert {result["outcome"] for result in run["results"]} == {"changed"}, run["results"]
    undone = change(program, host, "undo", run["run"], target=False)
    assert {result["outcome"] for result in undone["results"]} == {"restored"}, undone["results"]
    assert everything(ds) == before


def test_and_after_purge(program, host):
    ds = host.volume("ds")
    guests = guest_data(ds, MAY_GO)
    change(program, host, "disable", "--vm", "all")
    program.run("purge", host.target("/vmfs/volumes/ds"), "--older-than", "0s", "--yes", "--ssh-config",
                host.ssh_config, status=0)
    assert guest_data(ds, MAY_GO) == guests and not list(ds.rglob(".cbtctl"))
