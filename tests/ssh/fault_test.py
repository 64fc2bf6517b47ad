#!/usr/bin/python3
"""A line that breaks, a host that misbehaves, files that move while they are read: never a hang, never a part shown as
the whole, nothing executed.

usage: fault_test.py CBTCTL SOURCE_DIR
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from line import Line
from standin import Standin

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
failures = []
done = 0


def expect(what, holds, shown=""):
    global done
    done += 1
    if not holds:
        failures.append(f"{what}: {str(shown)[:900]}")


def scan(config, *arguments, target="ssh://esx", verb="scan"):
    return subprocess.run([CBTCTL, verb, target, "--ssh-config", str(config), "--json", *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)


def through(line, host, folder):
    """The stand-in's ssh_config over a line; its key is known there too."""
    key = " ".join(host.known_hosts.read_text().split()[1:3])
    known = Path(folder) / "known"
    known.write_text(f"[127.0.0.1]:{line.port} {key}\n")
    config = Path(folder) / "config"
    config.write_text(re.sub("UserKnownHostsFile .*", f"UserKnownHostsFile {known}",
                             host.ssh_config.read_text().replace(f"Port {host.port}", f"Port {line.port}")))
    return config


def costs(found):
    return tuple(map(int, re.search(r"after the login (\d+) waits, (\d+) requests, at most (\d+) outstanding", found.stderr).groups()))


def told_incomplete(what, found):
    """Exit 8 and one line that says why; what was read before is not shown as if it were all."""
    expect(f"{what}: exit status", found.returncode == 8, found)
    report = json.loads(found.stdout)
    expect(f"{what}: in the report", report["exit_status"] == 8)
    expect(f"{what}: the reason", "root@esx: " in found.stderr, found.stderr)
    lost = [t for t in report["targets"] if t["error"]]
    expect(f"{what}: the target has the error", lost and report["virtual_machines"] == [], found.stdout)
    expect(f"{what}: in one line", found.stderr.count("\n") == 1, found.stderr)


def test_breaks(transport):
    random.seed(7)
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/healthy"]) as host, tempfile.TemporaryDirectory() as folder:
        with Line(host.port) as line:
            found = scan(through(line, host, folder), "--transport", transport)
            expect(f"{transport}: a line without faults", found.returncode == 0, found)
            length = line.passed
        # Every stage: before a byte, within the version, the key exchange, the login, the answers.
        for after in [0, 1, 10, 60, 700, 1500, 2500, 3000] + sorted(random.randrange(length - 200) for _ in range(12)):
            with Line(host.port, cut_after=after) as line:
                told_incomplete(f"{transport}: cut after {after}", scan(through(line, host, folder), "--transport", transport))
        for at in [0, 30, 900] + sorted(random.randrange(1800, length - 200) for _ in range(8)):
            with Line(host.port, flip_at=at) as line:
                flipped = scan(through(line, host, folder), "--transport", transport, "--timeout", 2, "--connect-timeout", 2)
                told_incomplete(f"{transport}: a bit flipped at {at}", flipped)
        for after in [0, 900, length // 2, length * 3 // 4]:
            with Line(host.port, stall_after=after) as line:
                begin = time.monotonic()
                stalled = scan(through(line, host, folder), "--transport", transport, "--timeout", 1, "--connect-timeout", 1)
                told_incomplete(f"{transport}: stalled after {after}", stalled)
                expect(f"{transport}: and left in time", time.monotonic() - begin < 15, time.monotonic() - begin)


def test_interrupt():
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/healthy"]) as host, tempfile.TemporaryDirectory() as folder:
        for after in (0, 4000):
            with Line(host.port, stall_after=after) as line:
                config = through(line, host, folder)
                process = subprocess.Popen([CBTCTL, "scan", "ssh://esx", "--ssh-config", config], stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE)
                while line.passed < after or not line.connections:
                    time.sleep(0.02)
                begin = time.monotonic()
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=30)
                expect("Ctrl-C ends within a second", process.returncode == 32 and time.monotonic() - begin < 1,
                       (process.returncode, time.monotonic() - begin))


def test_shells():
    """What answers in the place of the login shell, and in the place of the scripts."""
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/healthy"]) as host:
        whole = json.loads(scan(host.ssh_config).stdout)["virtual_machines"]
        accounts = host.root / "etc/passwd"
        accounts.write_text(accounts.read_text().replace("root:x:0:0:Administrator:/:/bin/sh", "root:x:0:0:Administrator:/:/bin/login-shell"))
        login = host.root / "bin/login-shell"

        def answers(text):
            login.write_text(text)
            login.chmod(0o755)

        answers("#!/bin/sh\necho welcome to this host\necho one more line >&2\nexec /bin/sh \"$@\"\n")
        noisy = scan(host.ssh_config, "--transport", "shell")
        expect("words before the script are no data", json.loads(noisy.stdout)["virtual_machines"] == whole, noisy)
        answers("#!/bin/sh\nwhile :; do echo flood flood flood flood flood flood flood; done\n")
        begin = time.monotonic()
        flood = scan(host.ssh_config, "--timeout", 2)
        expect("a shell that floods is left", flood.returncode == 8 and time.monotonic() - begin < 40, flood.stderr)
        answers("#!/bin/sh\nsleep 1000\n")
        hangs = scan(host.ssh_config, "--timeout", 1)
        expect("a shell that hangs is left", hangs.returncode == 8 and "no answer for 1 s" in hangs.stderr, hangs.stderr)
        answers("#!/bin/sh\nexit 3\n")
        expect("a shell that ends is told", scan(host.ssh_config, "--transport", "shell").returncode == 8)
        answers("#!/bin/sh\nexec /bin/sh \"$@\"\n")

        shell = host.root / "bin/sh"
        real = os.readlink(shell)
        for words in ("%s s 81a4 1 8 1 1 ./../../escaped %s x\\n", "%s s nonsense\\n", "%s end 0\\n%s end 0\\n", "%s zz\\n",
                      "%s l\\n%s l\\n%s l\\n%s l\\n", "not a record\\n"):
            shell.unlink()
            shell.write_text("#!/bin/ash\ncase $2 in *'! -name .'*) printf '" + words + "' \"$t\" \"$t\" \"$t\" \"$t\" ;; "
                             "*) exec /bin/ash \"$@\" ;; esac\n")
            shell.chmod(0o755)
            wrong = scan(host.ssh_config, "--transport", "shell")
            expect(f"a listing that cannot be understood is an error: {words}", wrong.returncode == 8 and
                   "root@esx: " in wrong.stderr and json.loads(wrong.stdout)["virtual_machines"] == [], wrong)
            shell.unlink()
            os.symlink(real, shell)


def test_without_a_shell():
    for options in (["--no-shell"], ["--without", "stat"], ["--without", "xargs"], ["--without", "find"]):
        with Standin(SOURCE, "6.7", [f"demo={SOURCE}/fixtures/demo", f"hostile={SOURCE}/fixtures/hostile"], options) as host, \
                Standin(SOURCE, "6.7", [f"demo={SOURCE}/fixtures/demo", f"hostile={SOURCE}/fixtures/hostile"]) as other:
            reports = [json.loads(scan(each.ssh_config, "--transport", how).stdout)
                       for each, how in ((host, "auto"), (other, "sftp"))]
            expect(f"{options}: SFTP tells the same", reports[0]["ctk_files"] == reports[1]["ctk_files"] and
                   len(reports[0]["virtual_machines"]) == len(reports[1]["virtual_machines"]) > 25, reports[0]["summary"])
    with Standin(SOURCE, "6.7", [f"ds={SOURCE}/fixtures/healthy"], ["--no-shell", "--no-sftp"]) as host:
        neither = scan(host.ssh_config)
        expect("without either nothing can be read", neither.returncode == 8 and "subsystem" in neither.stderr, neither.stderr)


def test_hostile_names():
    with Standin(SOURCE, "8.0", [f"bad $(touch pwned) `touch pwned` 'x={SOURCE}/fixtures/hostile"]) as host:
        (host.volume("bad $(touch pwned) `touch pwned` 'x") / "line\nend").mkdir()
        shutil.copy(SOURCE / "fixtures/healthy/one/one.vmx", host.volume("bad $(touch pwned) `touch pwned` 'x") / "line\nend/a\n b.vmx\n")
        os.rename(host.volume("bad $(touch pwned) `touch pwned` 'x") / "line\nend/a\n b.vmx\n",
                  host.volume("bad $(touch pwned) `touch pwned` 'x") / "line\nend/\n-c '\"$IFS*.vmx")
        reports = []
        for transport in ("shell", "sftp"):
            found = scan(host.ssh_config, "--transport", transport)
            reports.append(json.loads(found.stdout))
            expect(f"{transport}: hostile names are read", found.returncode in (0, 8), found)
        paths = [[vm["config_path"] for vm in report["virtual_machines"]] for report in reports]
        expect("both ways tell the same", paths[0] == paths[1], paths)
        expect("a name with line ends is one", any(path.endswith("/line\nend/\n-c '\"$IFS*.vmx") for path in paths[0]), paths[0])
        mounted = json.loads(subprocess.run([CBTCTL, "scan", host.volume("bad $(touch pwned) `touch pwned` 'x"), "--json"],
                                            capture_output=True).stdout)
        expect("as many as on a mount", len(mounted["virtual_machines"]) == len(paths[0]) > 5, len(paths[0]))
        pwned = [str(path) for path in host.root.rglob("pwned*") if "proc" not in path.parts]
        expect("nothing is executed", not [p for p in pwned if "fixtures" not in p and not p.endswith("$(touch pwned)")], pwned)


def test_denied():
    """A user who may not read everything: what is denied is told, the rest is read."""
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/healthy"]) as host, tempfile.TemporaryDirectory() as folder:
        volume = host.volume("ds")
        for path in [volume, *volume.rglob("*")]:
            os.chmod(path, 0o755 if path.is_dir() else 0o644)
        whole = scan(host.ssh_config, target="ssh://reader@esx")
        expect("a user who may read all", whole.returncode == 0)
        os.chmod(volume / "one", 0)
        os.chmod(volume / "two/two.vmx", 0)
        mkdir = volume / "empty"
        mkdir.mkdir(mode=0o755)
        for transport in ("shell", "sftp"):
            found = scan(host.ssh_config, "--transport", transport, target="ssh://reader@esx")
            report = json.loads(found.stdout)
            two = [vm for vm in report["virtual_machines"] if vm["config_path"].endswith("two.vmx")]
            expect(f"{transport}: exit status", found.returncode == 8, found)
            expect(f"{transport}: a folder that is denied is told", "/one: permission denied" in found.stderr.lower(), found.stderr)
            expect(f"{transport}: a file that is denied is told", two and "permission denied" in two[0]["unreadable"], two)
            expect(f"{transport}: the rest is read", any(vm["config_path"].endswith("three.vmx") and vm["disks"]
                                                       for vm in report["virtual_machines"]))
            expect(f"{transport}: an empty folder is no trouble", "empty" not in found.stderr, found.stderr)


def test_changes():
    """Files that grow, shrink, come and go while they are read, many times: each scan is whole or says what changed."""
    with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/healthy"]) as host:
        vm = host.volume("ds") / "one"
        text = (vm / "one.vmx").read_text()
        stop = threading.Event()

        def change():
            number = 0
            while not stop.is_set():
                number += 1
                (vm / "one.vmx").write_text(text + f'note{number} = "{"x" * (number % 977)}"\n')
                (vm / "one.vmsd").write_text("" if number % 2 else '.encoding = "UTF-8"\nsnapshot.lastUID = "1"\n')
                other = vm / "comes.vmx"
                other.write_text(text)
                other.unlink()

        worker = threading.Thread(target=change)
        worker.start()
        try:
            for transport in ("shell", "sftp"):
                for _ in range(12):
                    found = scan(host.ssh_config, "--transport", transport)
                    report = json.loads(found.stdout)
                    names = {vm["name"] for vm in report["virtual_machines"] if not vm.get("unreadable")}
                    expect(f"{transport}: what does not change is read", {"two", "three"} <= names, found.stderr)
                    told = "changed" in found.stderr or "is empty" in found.stdout or "one" in names
                    expect(f"{transport}: what changes is read or told", told, found)
                    expect(f"{transport}: exit status", found.returncode in (0, 8), found)
        finally:
            stop.set()
            worker.join()


def test_costs():
    """Waits do not grow with the number of virtual machines."""
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (2, 60):
            place = Path(folder) / str(count)
            for number in range(count):
                place.mkdir(exist_ok=True)
                subprocess.run(["cp", "-a", "--sparse=always", SOURCE / "fixtures/healthy/one", place / f"vm{number:03}"], check=True)
            with Standin(SOURCE, "8.0", [f"ds={place}"]) as host:
                for transport in ("shell", "sftp"):
                    found = scan(host.ssh_config, "--transport", transport, "--verbose", verb="check")
                    expect(f"{count} VMs are read", found.returncode in (0, 4), found)
                    measured[transport, count] = costs(found)
    waits = {key: value[0] for key, value in measured.items()}
    expect("by the shell: at most 12 waits, however many VMs", waits["shell", 2] == waits["shell", 60] <= 12, waits)
    per_vm = (measured["sftp", 60][1] - measured["sftp", 2][1]) / 58
    expect("by SFTP: at most 20 requests for each VM", per_vm <= 20, measured)
    expect("with many of them under way", measured["sftp", 60][2] >= 64, measured)


test_breaks("shell")
test_breaks("sftp")
test_interrupt()
test_shells()
test_without_a_shell()
test_hostile_names()
test_denied()
test_changes()
test_costs()

for failure in failures:
    print(failure)
print(f"{done - len(failures)} passed, {len(failures)} failed")
sys.exit(1 if failures or done < 200 else 0)
