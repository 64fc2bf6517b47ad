#!/usr/bin/python3
"""Lines that break and servers that are none: cbtctl ends within its limits, says so, and shows no part as the whole.

usage: broken_line_test.py CBTCTL SOURCE_DIR
"""
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from proxy import Babbler, Proxy, Silent
from standin import Standin

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
DEMO = SOURCE / "fixtures/demo"
SECONDS = 2  # of silence and to connect
MOST = 25    # seconds that any run here may take on a machine that is busy
failures = []
done = 0


def expect(what, holds, shown=""):
    global done
    done += 1
    if not holds:
        failures.append(f"{what}: {str(shown)[:700]}")


class Run:
    def __init__(self, config, *arguments, target="ssh://esx/vmfs/volumes/demo", verb="scan", output=subprocess.PIPE):
        begin = time.monotonic()
        run = subprocess.run([CBTCTL, verb, target, "--json", "--ssh-config", config, "--timeout", str(SECONDS),
                              "--connect-timeout", str(SECONDS), *map(str, arguments)], stdin=subprocess.DEVNULL,
                             stdout=output, stderr=subprocess.PIPE, timeout=120)
        self.seconds = time.monotonic() - begin
        self.status, self.errors = run.returncode, run.stderr.decode(errors="replace")
        self.report = json.loads(run.stdout) if run.stdout else None

    def __str__(self):
        return f"{self.status}, {self.seconds:.1f} s, {self.errors}"


def is_told(what, run, whole):
    """Either everything is there, or the report and the exit status say that it is not."""
    expect(f"{what}: ends in time", run.seconds < MOST, run)
    if run.status == 0:
        expect(f"{what}: the report is whole", comparable(run.report) == comparable(whole), run)
        return
    expect(f"{what}: the exit status tells", run.status == 8 and run.report["exit_status"] == 8, run)
    expect(f"{what}: in words", run.errors.startswith("cbtctl: ") and "terminate" not in run.errors, run)


def comparable(report):
    return report | {"targets": [target | {"location": ""} for target in report["targets"]]}


def test_cuts_stalls_and_flips():
    with Standin(SOURCE, "8.0", [f"demo={DEMO}"]) as host:
        whole = Run(host.ssh_config)
        expect("without a fault all is well", whole.status == 0, whole)
        with Proxy(host.port) as line:
            through = Run(host.config_behind(line.port))
            expect("nor does the proxy itself break anything", through.status == 0, through)
            length = dict(line.moved)
        chance = random.Random(4)
        for direction in ("down", "up"):
            # Version, key exchange, login, then anywhere.
            early = (0, 1, 20, 45, 300, 1100, 1800, 2300, 2900)
            spots = [spot for spot in early if spot < length[direction]]
            late = [chance.randrange(length[direction]) for _ in range(10)] + [length[direction] - 1]
            for spot in spots + late:
                with Proxy(host.port, cut={direction: spot}) as line:
                    is_told(f"cut {direction} at {spot}", Run(host.config_behind(line.port)), whole.report)
            for spot in spots + late[:4]:
                with Proxy(host.port, flip={direction: spot}) as line:
                    is_told(f"flip {direction} at {spot}", Run(host.config_behind(line.port)), whole.report)
            for spot in spots[::4] + late[:2]:
                with Proxy(host.port, stall={direction: spot}) as line:
                    is_told(f"stall {direction} at {spot}", Run(host.config_behind(line.port)), whole.report)
        with Proxy(host.port, delay=0.02) as line:
            late_run = Run(host.config_behind(line.port))
            expect("a slow line changes nothing", late_run.status == 0 and
                   comparable(late_run.report) == comparable(whole.report), late_run)
        for spot in (40000, 400000):
            with Proxy(host.port, cut={"down": spot}) as line:
                sftp = Run(host.config_behind(line.port), "--transport", "sftp")
                is_told(f"SFTP cut at {spot}", sftp, Run(host.ssh_config, "--transport", "sftp").report)


def test_no_servers():
    with Standin(SOURCE, "8.0") as host:
        servers = {"silent": Silent(), "garbage": Babbler(os.urandom(4096), forever=False),
                   "flood": Babbler(b"x" * 65536), "flood of lines": Babbler(b"not ssh\r\n" * 4096),
                   "cut version": Babbler(b"SSH-2.0-OpenS", forever=False),
                   "garbage after the version": Babbler(b"SSH-2.0-OpenSSH_9.2\r\n" + os.urandom(4096)),
                   "old protocol": Babbler(b"SSH-1.5-OpenSSH_3.0\r\n", forever=False)}
        for name, server in servers.items():
            with server:
                run = Run(host.config_behind(server.port))
                expect(f"{name}: ends in time with 8", run.status == 8 and run.seconds < MOST, run)
                expect(f"{name}: the target has its error", run.report["targets"][0]["error"], run.report)
        closed = Silent()
        closed.close()
        refused = Run(host.config_behind(closed.port))
        expect("a closed port is refused at once", refused.status == 8 and refused.seconds < SECONDS and
               "refused" in refused.errors, refused)


def test_hosts_apart():
    """One host that fails never stops the others."""
    with Standin(SOURCE, "8.0", [f"demo={DEMO}"]) as host, Silent() as silent:
        alone = Run(host.ssh_config)
        config = host.folder / "two_hosts"
        config.write_text(f"Host dead\n  HostName 127.0.0.1\n  Port {silent.port}\n" + host.ssh_config.read_text())
        both = Run(config, "ssh://esx/vmfs/volumes/demo", target="ssh://dead/vmfs/volumes/demo")
        expect("with a dead host: 8", both.status == 8 and both.report["targets"][0]["error"], both)
        moved = [vm | {"target": 0, "seen_by": [0]} for vm in both.report["virtual_machines"]]
        expect("with a dead host: the other is whole", moved == alone.report["virtual_machines"], both)


def test_denied():
    with Standin(SOURCE, "8.0", [f"demo={DEMO}"]) as host:
        config = host.folder / "as_reader"
        config.write_text(host.ssh_config.read_text().replace("User root", "User reader"))
        (host.volume("demo") / "lost").chmod(0o700)
        (host.volume("demo") / "grown/grown.vmx").chmod(0o600)
        for transport in ("shell", "sftp"):
            run = Run(config, "--transport", transport)
            folders = [folder["path"] for folder in run.report["unreadable_folders"]]
            expect(f"{transport}: a denied folder is told", run.status == 8 and folders == ["lost"], f"{run} {folders}")
            grown = next(vm for vm in run.report["virtual_machines"] if vm["config_path"] == "grown/grown.vmx")
            expect(f"{transport}: a denied .vmx is listed", "ermission denied" in grown.get("unreadable", ""), grown)


def test_changes_meanwhile():
    with Standin(SOURCE, "8.0", [f"demo={DEMO}"], ["--busy"]) as host:
        volume = f"/vmfs/volumes/{host.volume('demo').name}"
        whole = Run(host.ssh_config).report

        def configuration(report, path):
            return next((vm for vm in report["virtual_machines"] if vm["config_path"] == path), None)
        host.before_next_read(f"echo 'annotation = \"grew\"' >>{volume}/half/half.vmx\n")
        grown = Run(host.ssh_config)
        expect("a file that grows between listing and reading is read again, or told", grown.status in (0, 8) and
               configuration(grown.report, "half/half.vmx")["disks"] == configuration(whole, "half/half.vmx")["disks"], grown)
        expect("it was changed while it was read", (host.root / "standin/now").exists())
        host.before_next_read(f"rm {volume}/db01/db01.vmx\n")
        gone = Run(host.ssh_config)
        left = configuration(gone.report, "db01/db01.vmx")
        expect("a .vmx that vanishes meanwhile is told", left is None or left.get("unreadable"), left)
        host.before_next_read(f"printf x >{volume}/app01/app01.vmdk\n")
        torn = Run(host.ssh_config)
        disk = configuration(torn.report, "app01/app01.vmx")["disks"]
        expect("a descriptor that is replaced meanwhile is never half of each", len(disk) == 2, disk)


def test_full_disk():
    with Standin(SOURCE, "8.0", [f"demo={DEMO}"]) as host, open("/dev/full", "wb") as full:
        run = Run(host.ssh_config, output=full)
        expect("no space for the report: 8", run.status == 8 and "cannot be written" in run.errors, run)


test_cuts_stalls_and_flips()
test_no_servers()
test_hosts_apart()
test_denied()
test_changes_meanwhile()
test_full_disk()

for failure in failures:
    print(failure)
print(f"{done - len(failures)} passed, {len(failures)} failed")
sys.exit(1 if failures else 0)
