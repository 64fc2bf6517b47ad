"""A reset on a stand-in host is stopped: the line is cut after so many bytes of either direction, or the process killed
by SIGKILL there. After recovery each machine is what it was or wholly changed, and undo restores it.

More places than the twelve of each kind: --places N
"""
import queue
import signal
from dataclasses import dataclass, field

import pytest

from folders import picture
from line import Line
from machines import make_machine
from program import RECOVER, Program
from standin import Standin

KINDS = ("cut up", "cut down", "killed")


class KillingLine(Line):
    """Kills a process once so many bytes went up."""

    def __init__(self, port, at):
        self.at, self.process = at, None
        super().__init__(port)

    def harmed(self, piece, direction):
        begin = self.moved["up"]
        piece = super().harmed(piece, direction)
        if direction == "up" and begin <= self.at < self.moved["up"] and self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.close()
            return b""
        return piece


class Administrator:
    def __init__(self, program, host):
        self.program, self.host, self.volume = program, host, host.volume("ds")

    def words(self, words, config=None, target=True):
        return [*words, *([self.host.target("/vmfs/volumes/ds")] if target else []),
                "--ssh-config", config or self.host.ssh_config]

    def start_behind(self, line, *words):
        """On a host at the end of a line."""
        return self.program.start(*self.words(words, self.host.config_behind(line.port)))

    def run(self, *words, **more):
        return self.program.run(*self.words(words, **more))

    def moved_by(self, *words):
        """The bytes that a run sends and gets."""
        with Line(self.host.port) as line:
            process = self.start_behind(line, *words)
            told = process.communicate(timeout=120)
            assert process.returncode == 0, told
            return dict(line.moved)

    def states(self):
        return list(self.program.states(*self.words(())).values())


@dataclass
class Stop:
    """What became of a run that was stopped."""
    status: int
    is_met: bool                 # by bytes enough that it is stopped
    is_between: bool             # neither as before nor wholly changed
    states: list                 # of the disks, where it is between
    recovery: object = None      # the run that finds the stopped one
    locks: list = field(default_factory=list)
    ends: str = ""               # "as before" or "changed", or neither
    undo: object = None          # of what is changed in the end
    is_restored: bool = True     # by it
    left: list = field(default_factory=list)


@pytest.fixture(scope="module")
def hosts(source, module_scratch):
    """Stand-ins that are free: places are tried on both side by side."""
    make_machine(module_scratch / "ds/x", "x")
    datastores, free = [f"ds={module_scratch}/ds"], queue.Queue()
    with Standin(source, "8.0", datastores) as one, Standin(source, "8.0", datastores) as other:
        free.put(one)
        free.put(other)
        yield free


@pytest.fixture(scope="module")
def undisturbed(hosts, module_program):
    """The bytes where a reset begins to change something and where it ends, and the machine before and after it."""
    host = hosts.get()
    administrator = Administrator(module_program, host)
    before = picture(administrator.volume)
    begin = administrator.moved_by("reset", "--dry-run")
    end = administrator.moved_by("reset", "--yes")
    changed = picture(administrator.volume)
    assert changed != before
    host.reset()
    hosts.put(host)
    return begin, end, before, changed


def stop(administrator, kind, at):
    """Exit status, and whether the run came as far as the place where it is stopped."""
    direction = "down" if kind == "cut down" else "up"
    port = administrator.host.port
    with KillingLine(port, at) if kind == "killed" else Line(port, cut={direction: at}) as line:
        line.process = administrator.start_behind(line, "reset", "--yes")
        line.process.communicate(timeout=120)
        return line.process.returncode, line.moved[direction] > at


def tried(administrator, before, changed, kind, at):
    volume = administrator.volume
    status, is_met = stop(administrator, kind, at)
    administrator.host.rest()
    is_between = picture(volume) not in (before, changed)
    found = Stop(status, is_met, is_between, administrator.states() if is_between else [])
    found.recovery = administrator.run(*RECOVER, "--json")
    found.locks = [str(path) for path in volume.rglob("lock")]
    found.ends = {str(before): "as before", str(changed): "changed"}.get(str(picture(volume)), "neither")
    if found.ends == "changed":
        found.undo = administrator.run("undo", "--yes", "--json", target=False)
        found.is_restored = picture(volume) == before
    # Who was stopped before the lock leaves an empty mark, which the next run there takes away.
    found.left = [str(path) for path in volume.rglob(".cbtctl/**/*")
                  if path.is_file() and not (path.name.endswith(".new") and path.stat().st_size == 0)]
    return found


def pytest_generate_tests(metafunc):
    if "place" in metafunc.fixturenames:
        count = metafunc.config.getoption("places", 12)
        metafunc.parametrize("kind, place", [(kind, number / count) for kind in KINDS for number in range(count)],
                             ids=[f"{kind} at {number}/{count}" for kind in KINDS for number in range(count)])


@pytest.fixture(scope="module")
def stops(hosts, undisturbed, program_path, module_scratch, side_by_side, request):
    """(kind, place) -> what became of the run that was stopped there."""
    begin, end, before, changed = undisturbed

    def try_one(number, kind, place):
        direction = "down" if kind == "cut down" else "up"
        host = hosts.get()
        try:
            administrator = Administrator(Program(program_path, module_scratch / f"home{number}"), host)
            at = begin[direction] + int((end[direction] - begin[direction]) * place)
            return tried(administrator, before, changed, kind, at)
        finally:
            host.reset()
            hosts.put(host)
    cases = {(item.callspec.params["kind"], item.callspec.params["place"]): None
             for item in request.session.items if "stopped" in getattr(item, "fixturenames", ())}
    return {case: side_by_side(try_one, number, *case) for number, case in enumerate(cases)}


@pytest.fixture
def stopped(stops, kind, place):
    return stops[kind, place].result()


def test_the_run_is_stopped_there(stopped, kind, place):
    """But for a late place that it may never come to, since not every run takes as many bytes as the one measured."""
    if stopped.is_met:
        assert stopped.status == -signal.SIGKILL if kind == "killed" else stopped.status != 0
    else:
        assert stopped.status == 0 and place > 0.75


def test_cbt_is_off_in_between(stopped):
    assert [state for state in stopped.states if state in ("tracked", "broken", "pending")] == []


def test_the_next_run_recovers_it(stopped):
    assert stopped.recovery.returncode == 0 and stopped.locks == [], stopped
    assert stopped.ends in ("as before", "changed"), stopped


def test_undo_restores_what_is_changed_in_the_end(stopped):
    assert stopped.undo is None or stopped.undo.returncode == 0, stopped
    assert stopped.is_restored, stopped


def test_nothing_is_left_behind(stopped):
    assert stopped.left == []
