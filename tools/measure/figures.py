"""What every measure needs: the program, pairs of runs, and the table of figures against goals."""
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
CBTCTL = str(TOP / "build/cbtctl")
ROUNDS = 7
rows, missed = [], []


def row(figure, value, goal, floor, good):
    rows.append((figure, value, goal, floor, "ok" if good else "MISSED"))
    if not good:
        missed.append(figure)


def seconds(command, errors=None):
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=errors, check=True)
    return time.perf_counter() - start


# A process counts what its parent held when it was made as its own: a small parent stands between.
SMALL_PARENT = """import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


def peak_mib(command):
    """The most memory that it takes, and the time."""
    start = time.perf_counter()
    told = subprocess.run([sys.executable, "-c", SMALL_PARENT, *command], capture_output=True, text=True, check=True).stdout
    took = time.perf_counter() - start
    status, kib = map(int, told.split())
    if status != 0:
        raise subprocess.CalledProcessError(status, command)
    return kib / 1024, took


def paired(ours, theirs, rounds=ROUNDS):
    """Medians of A B A B ... runs."""
    seconds(ours), seconds(theirs)
    a, b = [], []
    for _ in range(rounds):
        a.append(seconds(ours))
        b.append(seconds(theirs))
    return statistics.median(a), statistics.median(b)


def times_faster(ours, theirs, goal):
    """How many times faster we are; a peer that is far behind is stopped, since the goal is met by then."""
    a = statistics.median(seconds(ours) for _ in range(5))
    begin = time.perf_counter()
    try:
        subprocess.run(theirs, stdout=subprocess.DEVNULL, check=True, timeout=max(2 * goal * a, 1))
    except subprocess.TimeoutExpired:
        return a, time.perf_counter() - begin, "more than "
    return a, time.perf_counter() - begin, ""


def print_table():
    width = max(len(r[0]) for r in rows)
    print(f"{'figure':{width}}  {'measured':>12}  {'goal':>22}  {'floor':>7}")
    for figure, value, goal, floor, verdict in rows:
        print(f"{figure:{width}}  {value:>12}  {goal:>22}  {floor:>7}  {verdict}")
