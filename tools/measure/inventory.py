"""Listing and judging a mounted datastore: against find, by system calls, by memory, on a cold cache."""
import os
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

from datastores import make_datastore
from figures import CBTCTL, TOP, paired, peak_mib, row, rows, seconds
from ssh import ONE_ALGORITHM, Line, Standin, mounted

FAR_VMS = 200


def bench_inventory(root, count):
    ours, find = paired([CBTCTL, "scan", str(root)], ["find", str(root), "-name", "*.vmx"], rounds=25)  # short ones, of which a few are disturbed
    row(f"scan of {count} VMs, warm: {ours * 1000:.0f} ms; bare find {find * 1000:.0f} ms", f"{ours / find:.2f}x", "<= 2", "1.83", ours <= 2 * find)
    with tempfile.NamedTemporaryFile("r") as report:
        subprocess.run(["strace", "-f", "-c", "-o", report.name, CBTCTL, "scan", str(root)], stdout=subprocess.DEVNULL, check=True)
        text = report.read()
    calls = int(re.search(r"(\d+)\s+(?:\d+\s+)?total", text)[1])
    row("system calls per VM with two disks", f"{calls / count:.1f}", "<= 30", "22", calls <= 30 * count)
    with tempfile.TemporaryDirectory() as empty:
        program, _ = peak_mib([CBTCTL, "scan", empty])
    for what in (["scan"], ["scan", "--json"], ["check", "--json", "--fail-on", "none"]):
        peak = (peak_mib([CBTCTL, *what, str(root)])[0] - program) * 1024 / count
        row(f"memory a VM of {what[0]}{' --json' * ('--json' in what)}", f"{peak:.1f} KiB", "<= 12", "", peak <= 12)
    caches = Path("/proc/sys/vm/drop_caches")
    if os.geteuid() != 0 or not os.access(caches, os.W_OK):
        return rows.append(("cold cache: not measured, needs root", "", "4x", "4.5x", ""))
    times = {}
    for workers in ("1", "16"):
        runs = []
        for _ in range(3):
            os.sync()
            caches.write_text("3")
            runs.append(seconds([CBTCTL, "scan", str(root), "--workers", workers]))
        times[workers] = statistics.median(runs)
    gain = times["1"] / times["16"]
    row(f"cold cache: 1 worker {times['1']:.2f} s, 16 workers {times['16']:.2f} s", f"{gain:.1f}x", ">= 4 (follows the disk)", "4.5x", gain >= 4)


def bench_far(folder):
    """The same of a storage that answers after a millisecond, as a network's may: a volume of the stand-in, by sshfs."""
    root = folder / f"vms-{FAR_VMS}"
    make_datastore(root, FAR_VMS)
    times = {"1": [], "16": []}
    with Standin(TOP, "7.0", [f"ds={root}"], ONE_ALGORITHM) as host, Line(host.port, round_trip_s=0.001) as line:
        for workers in ("1", "16") * 3:
            with mounted(host.config_behind(line.port)) as (place, reason):
                if place is None:
                    return rows.append((f"storage 1 ms away: not measured: {reason}", "", ">= 4", "4.5x", ""))
                times[workers].append(seconds([CBTCTL, "scan", place, "--workers", workers]))
    one, many = (statistics.median(runs) for runs in times.values())
    row(f"storage 1 ms away, {FAR_VMS} VMs: 1 worker {one:.2f} s, 16 workers {many:.2f} s", f"{one / many:.1f}x", ">= 4", "4.5x",
        one >= 4 * many)


def bench_check(root, count):
    def check(*more):
        return [CBTCTL, "check", *more, "--fail-on", "none", str(root)]

    ours, scan = paired(check(), [CBTCTL, "scan", str(root)], rounds=25)
    row(f"check of {count} VMs: {ours * 1000:.0f} ms; scan {scan * 1000:.0f} ms", f"{ours / scan:.2f}x", "<= 1.3", "", ours <= 1.3 * scan)
