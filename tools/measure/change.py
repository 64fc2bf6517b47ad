"""Planning a change against check, and what a change costs in calls that alter the datastore."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import CBTCTL, TOP, paired, row

sys.path.insert(0, str(TOP / "tests/ssh"))
from machines import make_machine  # noqa: E402
from standin import Standin  # noqa: E402


def bench_reset(root, count):
    """Planning against check; then the system calls that change the datastore, and everything is taken back."""
    chosen = ["--vm", "v000*", "--vm", "v001*"]
    machines = min(count, 200)
    check = [CBTCTL, "check", "--fail-on", "none", str(root)]
    plan, check_seconds = paired([CBTCTL, "reset", str(root), *chosen, "--dry-run"], check)
    row(f"planning a reset of {machines} of {count} VMs: {plan * 1000:.0f} ms; check {check_seconds * 1000:.0f} ms", f"{plan / check_seconds:.2f}x", "<= 1.2", "", plan <= 1.2 * check_seconds)
    with tempfile.TemporaryDirectory() as state, tempfile.NamedTemporaryFile("r") as report:
        environment = {**os.environ, "XDG_STATE_HOME": state}
        calls = "write,pwrite64,writev,rename,renameat,renameat2,fsync,fdatasync,syncfs,sync"
        subprocess.run(["strace", "-f", "-y", "-qq", "-o", report.name, "-e", f"trace={calls}", CBTCTL, "reset", str(root), *chosen, "--yes"], stdout=subprocess.DEVNULL, env=environment, check=True)
        changing = [line for line in report if str(root.resolve()) in line]
        subprocess.run([CBTCTL, "undo", "--yes"], stdout=subprocess.DEVNULL, env=environment, check=True)
    edited, moved = 3 * machines, 2 * machines
    goal = 5 * edited + 3 * moved
    kinds = {name: sum(re.search(rf"\b{name}", line) is not None for line in changing) for name in ("write", "rename", "fsync|syncfs")}
    story = ", ".join(f"{number / machines:.1f} {name}" for name, number in kinds.items())
    row(f"writes, renames and syncs per VM with two disks ({story})", f"{len(changing) / machines:.1f}", f"<= {goal / machines:.0f}", "", 0 < len(changing) <= goal)
    bench_reset_on_host()


def bench_reset_on_host():
    """How often a run waits for a host: for one machine with two disks, and for each one more."""
    with tempfile.TemporaryDirectory() as folder:
        names = ["a", "b", "c", "d", "e", "f"]
        for name in names:
            make_machine(Path(folder) / "ds" / name, name)
        waits = []
        with Standin(TOP, datastores=[f"ds={folder}/ds"]) as host:
            for chosen in (names[:1], names[1:]):
                words = [word for name in chosen for word in ("--vm", name)]
                done = subprocess.run([CBTCTL, "reset", host.target("/vmfs/volumes/ds"), "--ssh-config", host.ssh_config, "--yes", "--verbose", *words],
                                      capture_output=True, text=True, env={**os.environ, "XDG_STATE_HOME": folder}, check=True)
                waits.append(int(re.search(r"after the login (\d+) waits", done.stderr).group(1)))
    each = (waits[1] - waits[0]) / (len(names) - 2)
    row(f"waits for a host per VM with two disks (a run of one, its plan included: {waits[0]})", f"{each:.1f}", "<= 20", "", 0 < each <= 20)
