#!/usr/bin/python3
"""Lines that break and servers that are none: cbtctl ends within its limits, says so in one line, and shows no part as
the whole.

usage: fault_test.py CBTCTL SOURCE_DIR
"""
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from line import Babbler, Line, Silent
from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
SECONDS = 2  # of silence, and to connect
MOST = 30    # seconds that any run here may take, on a machine that is busy
AT_ONCE = 4  # runs; most of them wait
EARLY = (0, 1, 20, 45, 300, 700, 1100, 1500, 1800, 2300, 2900)  # the version, the key exchange, the login


class Run:
    def __init__(self, config, *arguments, target="ssh://esx/vmfs/volumes/ds", output=subprocess.PIPE, seconds=SECONDS):
        limits = ["--timeout", str(seconds), "--connect-timeout", str(seconds)]
        begin = time.monotonic()
        run = subprocess.run([CBTCTL, "scan", target, "--json", "--ssh-config", config, *limits, *map(str, arguments)],
                             stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, timeout=120)
        self.seconds = time.monotonic() - begin
        self.status, self.errors = run.returncode, run.stderr.decode(errors="replace")
        self.report = json.loads(run.stdout) if run.stdout else None

    def __str__(self):
        return f"{self.status}, {self.seconds:.1f} s, {self.errors} {json.dumps(self.report)[:300]}"


def whole_run(config, *arguments):
    return Run(config, *arguments, seconds=60)


def expect_told(what, run):
    """Exit 8 and one line that says why; what was read before is not shown as if it were all."""
    expect(f"{what}: ends in time", run.seconds < MOST, run)
    expect(f"{what}: the exit status", run.status == 8 and run.report["exit_status"] == 8, run)
    expect(f"{what}: in one line", run.errors.startswith("cbtctl: ssh://esx/") or run.errors.startswith("cbtctl: root@esx: "), run)
    expect(f"{what}: in one line", run.errors.count("\n") == 1, run)
    expect(f"{what}: the target has the error", run.report["targets"][0]["error"] and
           run.report["virtual_machines"] == [] and run.report["ctk_files"] == [], run)


def spots(chance, length, late):
    """Places within a direction's bytes, the last of which are left out: they take leave."""
    end = length - 300
    return [spot for spot in EARLY if spot < end] + sorted(chance.randrange(end) for _ in range(late))


def test_breaks(transport):
    chance = random.Random(7)
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/demo"]) as host, ThreadPoolExecutor(AT_ONCE) as pool:
        whole = whole_run(host.ssh_config, "--transport", transport)

        def through(what, **faults):
            with Line(host.port, **faults) as line:
                run = Run(host.config_behind(line.port), "--transport", transport)
            if run.status == 0:  # it took fewer bytes than the run that was measured: then nothing broke
                expect(f"{transport}: {what}: nothing is missing", run.report == whole.report, run)
            else:
                expect_told(f"{transport}: {what}", run)

        expect(f"{transport}: without a fault all is well", whole.status == 0, whole)
        with Line(host.port, round_trip_s=0.04) as line:
            late = whole_run(host.config_behind(line.port), "--transport", transport)
            expect(f"{transport}: a slow line changes nothing", late.status == 0 and late.report == whole.report, late)
        runs = []
        for direction, length in line.moved.items():
            for spot in spots(chance, length, 10):
                runs.append(pool.submit(through, f"cut {direction} at {spot}", cut={direction: spot}))
            for spot in spots(chance, length, 5)[::2]:
                runs.append(pool.submit(through, f"a bit flipped {direction} at {spot}", flip={direction: spot}))
            for spot in spots(chance, length, 4)[::4]:
                runs.append(pool.submit(through, f"stalled {direction} at {spot}", stall={direction: spot}))
        for run in runs:
            run.result()


def test_idle_waits():
    """What waits for a host leaves the processor to others."""
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/demo"]) as host:
        for transport in ("shell", "sftp"):
            with Line(host.port) as line:
                whole_run(host.config_behind(line.port), "--transport", transport)
            with Line(host.port, stall={"down": line.moved["down"] * 2 // 3}) as line:
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                run = Run(host.config_behind(line.port), "--transport", transport, seconds=4)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
            busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            expect(f"{transport}: waiting costs no processor time", run.seconds > 4 and busy < 2, (busy, run))


def interrupted(process):
    """Its exit status, and the seconds that it takes to end."""
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    return process.returncode, time.monotonic() - begin


def test_interrupt():
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/healthy"]) as host:
        for after in (0, 4000):
            with Line(host.port, stall={"down": after}) as line:
                process = subprocess.Popen([CBTCTL, "scan", "ssh://esx", "--ssh-config", host.config_behind(line.port)],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                while not line.connections or line.moved["down"] < after:
                    time.sleep(0.02)
                status, seconds = interrupted(process)
                expect("Ctrl-C ends within a second", status == 32 and seconds < 1, (status, seconds))


def test_interrupted_export():
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/healthy"]) as host:
        with open(host.volume("ds") / "one/one-flat.vmdk", "r+b") as flat:
            flat.write(os.urandom(8 << 20))
        with Line(host.port, stall={"down": 2 << 20}) as line:
            image = host.folder / "one.raw"
            process = subprocess.Popen([CBTCTL, "export", "ssh://esx/vmfs/volumes/ds/one/one.vmdk", image, "--ssh-config",
                                        host.config_behind(line.port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            while line.moved["down"] < 2 << 20:
                time.sleep(0.02)
            status, seconds = interrupted(process)
            expect("Ctrl-C ends an export from a silent host soon", status == 32 and seconds < 2, (status, seconds))
        resumed = subprocess.run([CBTCTL, "export", "ssh://esx/vmfs/volumes/ds/one/one.vmdk", image, "--resume", "--ssh-config",
                                  host.ssh_config], capture_output=True, timeout=300)
        expect("which goes on from there", resumed.returncode == 0 and image.exists(), resumed)


def test_no_servers():
    with Standin(SOURCE, "8.0") as host:
        servers = {"silent": Silent(), "garbage": Babbler(os.urandom(4096), forever=False),
                   "flood": Babbler(b"x" * 65536), "flood of lines": Babbler(b"not ssh\r\n" * 4096),
                   "cut version": Babbler(b"SSH-2.0-OpenS", forever=False),
                   "garbage after the version": Babbler(b"SSH-2.0-OpenSSH_9.2\r\n" + os.urandom(4096)),
                   "old protocol": Babbler(b"SSH-1.5-OpenSSH_3.0\r\n", forever=False),
                   "web": Babbler(b"HTTP/1.1 400 Bad Request\r\n\r\n", forever=False)}
        for name, server in servers.items():
            with server:
                expect_told(name, Run(host.config_behind(server.port)))
        closed = Silent()
        closed.close()
        refused = Run(host.config_behind(closed.port))
        expect_told("a closed port", refused)
        expect("a closed port is refused at once", refused.seconds < SECONDS and "refused" in refused.errors, refused)


def test_hosts_apart():
    """One host that fails never stops the others."""
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/demo"]) as host, Silent() as silent:
        alone = whole_run(host.ssh_config)
        config = host.folder / "two_hosts"
        config.write_text(f"Host dead\n  HostName 127.0.0.1\n  Port {silent.port}\n  ConnectTimeout 1\n" + host.ssh_config.read_text())
        both = subprocess.run([CBTCTL, "scan", "--json", "--ssh-config", config, "ssh://dead", "ssh://esx/vmfs/volumes/ds"],
                              capture_output=True, timeout=120)
        report = json.loads(both.stdout)
        expect("with a dead host: 8", both.returncode == 8 and report["targets"][0]["error"], both)
        moved = [vm | {"target": 0, "seen_by": [0]} for vm in report["virtual_machines"]]
        expect("with a dead host: the other is whole", moved == alone.report["virtual_machines"] and moved, both)


def test_full_disk():
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/demo"]) as host, open("/dev/full", "wb") as full:
        run = Run(host.ssh_config, output=full, seconds=60)
        expect("no space for the report: 8", run.status == 8 and "cannot be written" in run.errors, run)


test_breaks("shell")
test_breaks("sftp")
test_idle_waits()
test_interrupt()
test_interrupted_export()
test_no_servers()
test_hosts_apart()
test_full_disk()
finish(at_least=400)
