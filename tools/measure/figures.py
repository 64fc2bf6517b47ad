"""What every measure needs: the program, pairs of runs, and the table of figures against goals."""
import statistics
import subprocess
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


def seconds(command):
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def paired(ours, theirs, rounds=ROUNDS):
    """Medians of A B A B ... runs."""
    seconds(ours), seconds(theirs)
    a, b = [], []
    for _ in range(rounds):
        a.append(seconds(ours))
        b.append(seconds(theirs))
    return statistics.median(a), statistics.median(b)


def print_table():
    width = max(len(r[0]) for r in rows)
    print(f"{'figure':{width}}  {'measured':>12}  {'goal':>22}  {'floor':>7}")
    for figure, value, goal, floor, verdict in rows:
        print(f"{figure:{width}}  {value:>12}  {goal:>22}  {floor:>7}  {verdict}")
