#!/usr/bin/python3
"""A reset on a stand-in host is stopped: the line is cut after so many bytes of either direction, or the process killed by
SIGKILL there, until no place is left. After recovery each machine is what it was or wholly changed, and undo restores it.

usage: cut_test.py CBTCTL SOURCE_DIR [PLACES]
"""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from line import Line
from machines import make_machine, put_back
from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402
from folders import picture, scratch_folder  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
PLACES = int(sys.argv[3]) if len(sys.argv) > 3 else 12  # of each kind
WORK = scratch_folder("ssh-cut")
stopped = {"cut up": 0, "cut down": 0, "kill": 0}
changed_places = 0


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


def start(host, config, *words, targets=True):
    words = [*words, *([host.target("/vmfs/volumes/ds")] if targets else []), "--ssh-config", str(config)]
    environment = {**os.environ, "XDG_STATE_HOME": str(WORK / "state")}
    return subprocess.Popen([CBTCTL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, env=environment)


def run(host, *words, targets=True):
    process = start(host, host.ssh_config, *words, targets=targets)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


def states(host):
    found = json.loads(run(host, "scan", "--json")[1])
    return {disk["slot"]: disk["cbt"]["state"] for vm in found["virtual_machines"] for disk in vm["disks"]}


def rest(volume):
    """Once nothing that the stopped run had sent is still at work on the host."""
    before = None
    while before != (now := sorted((str(p), p.stat().st_mtime_ns) for p in volume.rglob("*") if p.exists())):
        before = now
        time.sleep(0.05)


def check(host, volume, before, changed, what):
    global changed_places
    rest(volume)
    middle = picture(volume)
    if middle not in (before, changed):
        on = [state for state in states(host).values() if state in ("tracked", "broken", "pending")]
        expect(f"{what}: CBT is off in between", not on, on)
    status, output, errors = run(host, "disable", "--vm", "nobody", "--yes", "--json")
    now = picture(volume)
    locks = [str(p) for p in volume.rglob("lock")]
    recovered = status == 0 and not locks and now in (before, changed)
    expect(f"{what}: it recovers", recovered, f"{status}, {locks}, as before {now == before}, changed {now == changed}: {output} {errors}")
    if recovered and now == changed:
        changed_places += 1
        status, output, errors = run(host, "undo", "--yes", "--json", targets=False)
        expect(f"{what}: undo restores it", status == 0 and picture(volume) == before, f"{status}: {output} {errors}")
    # Who was stopped before the lock leaves an empty mark, which the next run there takes away.
    left = [str(p) for p in volume.rglob(".cbtctl/**/*") if p.is_file() and not (p.name.endswith(".new") and p.stat().st_size == 0)]
    expect(f"{what}: nothing is left behind", not left, left)


def spread(begin, end, count):
    return sorted({begin + (end - begin) * i // count for i in range(count)})


def main():
    pristine = WORK / "ds"
    make_machine(pristine / "x", "x")
    with Standin(SOURCE, datastores=[f"ds={pristine}"]) as host:
        volume = host.volume("ds")
        before = picture(volume)
        with Line(host.port) as line:  # a scan alone, to know where the run begins
            start(host, host.config_behind(line.port), "reset", "--dry-run").communicate()
            planned = dict(line.moved)
        with Line(host.port) as line:
            process = start(host, host.config_behind(line.port), "reset", "--yes")
            process.communicate()
            moved = dict(line.moved)
        changed = picture(volume)
        if process.returncode != 0 or changed == before:
            sys.exit(f"cut_test: a reset through a proxy ends with {process.returncode}")
        put_back(pristine, volume)
        for direction in ("up", "down"):
            for at in spread(planned[direction], moved[direction], PLACES):
                with Line(host.port, cut={direction: at}) as line:
                    process = start(host, host.config_behind(line.port), "reset", "--yes")
                    process.communicate(timeout=120)
                stopped[f"cut {direction}"] += process.returncode != 0
                check(host, volume, before, changed, f"cut {direction} after {at}")
                put_back(pristine, volume)
        for at in spread(planned["up"], moved["up"], PLACES):
            with KillingLine(host.port, at) as line:
                line.process = start(host, host.config_behind(line.port), "reset", "--yes")
                line.process.communicate(timeout=120)
                stopped["kill"] += line.process.returncode == -signal.SIGKILL
            check(host, volume, before, changed, f"killed after {at}")
            put_back(pristine, volume)
    expect("each kind stopped it at many places", all(count * 2 >= PLACES for count in stopped.values()), stopped)
    print(f"stopped {stopped}, wholly changed after recovery {changed_places} times")
    finish(at_least=PLACES)


main()
