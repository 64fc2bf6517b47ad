#!/usr/bin/python3
"""By the shell and by SFTP the same is told, whatever the host's shell is like, whatever names, denials and changes lie
on it; and the cost is counted.

usage: transport_test.py CBTCTL SOURCE_DIR
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
HEALTHY, DEMO, HOSTILE = (f"{SOURCE}/fixtures/{name}" for name in ("healthy", "demo", "hostile"))
TRANSPORTS = ("shell", "sftp")


def scan(config, *arguments, target="ssh://esx", verb="scan"):
    return subprocess.run([CBTCTL, verb, target, "--ssh-config", str(config), "--json", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)


def machine(report, path):
    return next((vm for vm in report["virtual_machines"] if vm["config_path"].endswith(path)), None)


def test_login_shells():
    """What answers in the place of the login shell."""
    with Standin(SOURCE, "8.0", [f"ds={HEALTHY}"]) as host:
        whole = json.loads(scan(host.ssh_config).stdout)["virtual_machines"]
        accounts = host.root / "etc/passwd"
        accounts.write_text(accounts.read_text().replace(":Administrator:/:/bin/sh", ":Administrator:/:/bin/login-shell"))
        login = host.root / "bin/login-shell"

        def answers(text):
            login.write_text("#!/bin/sh\n" + text)
            login.chmod(0o755)

        answers("echo welcome to this host\necho one more line >&2\nexec /bin/sh \"$@\"\n")
        noisy = scan(host.ssh_config, "--transport", "shell")
        expect("words before the script are no data", json.loads(noisy.stdout)["virtual_machines"] == whole, noisy)
        answers("while :; do echo flood flood flood flood flood flood flood; done\n")
        begin = time.monotonic()
        flood = scan(host.ssh_config, "--timeout", 2)
        expect("a shell that floods is left", flood.returncode == 8 and time.monotonic() - begin < 40, flood.stderr)
        answers("sleep 1000\n")
        hangs = scan(host.ssh_config, "--timeout", 1)
        expect("a shell that hangs is left", hangs.returncode == 8 and "no answer for 1 s" in hangs.stderr, hangs.stderr)
        answers("exit 3\n")
        expect("a shell that ends is told", scan(host.ssh_config, "--transport", "shell").returncode == 8)


def test_answers_that_are_none():
    """What answers in the place of the listing script: no word of it becomes data."""
    with Standin(SOURCE, "8.0", [f"ds={HEALTHY}"]) as host:
        shell = host.root / "bin/sh"
        shell.unlink()
        for words in ("%s s 81a4 1 8 1 1 ./../../escaped %s x\\n", "%s s nonsense\\n", "%s end 0\\n%s end 0\\n", "%s zz\\n",
                      "%s l\\n%s l\\n%s l\\n%s l\\n", "not a record\\n"):
            shell.write_text("#!/bin/ash\ncase $2 in *'! -name .'*) printf '" + words + "' \"$t\" \"$t\" \"$t\" \"$t\" ;; "
                             "*) exec /bin/ash \"$@\" ;; esac\n")
            shell.chmod(0o755)
            wrong = scan(host.ssh_config, "--transport", "shell")
            expect(f"a listing that cannot be understood is an error: {words}", wrong.returncode == 8 and
                   "root@esx: " in wrong.stderr and json.loads(wrong.stdout)["virtual_machines"] == [], wrong)


def test_without_a_shell():
    datastores = [f"demo={DEMO}", f"hostile={HOSTILE}"]
    with Standin(SOURCE, "6.7", datastores) as host:
        whole = json.loads(scan(host.ssh_config, "--transport", "sftp").stdout)
    for options in (["--no-shell"], ["--without", "stat"], ["--without", "xargs"], ["--without", "find"]):
        with Standin(SOURCE, "6.7", datastores, options) as host:
            report = json.loads(scan(host.ssh_config).stdout)
            expect(f"{options}: SFTP tells the same", report["ctk_files"] == whole["ctk_files"] and
                   len(report["virtual_machines"]) == len(whole["virtual_machines"]) > 25, report["summary"])
            target = report["targets"][0]
            knows = options in (["--without", "stat"], ["--without", "find"])  # commands run, files are read by SFTP
            expect(f"{options}: what the host knows is told where commands run", (target["host"] is not None) == knows and
                   (not knows or target["inventory"]["registered"]), target)
    with Standin(SOURCE, "6.7", [f"ds={HEALTHY}"], ["--no-shell", "--no-sftp"]) as host:
        neither = scan(host.ssh_config)
        expect("without either nothing can be read", neither.returncode == 8 and "subsystem" in neither.stderr, neither.stderr)


def test_hostile_names():
    name = "bad $(touch pwned) `touch pwned` 'x"
    with Standin(SOURCE, "8.0", [f"{name}={HOSTILE}"]) as host:
        (host.volume(name) / "line\nend").mkdir()
        shutil.copy(f"{HEALTHY}/one/one.vmx", host.volume(name) / "line\nend/\n-c '\"$IFS*.vmx")
        reports = [json.loads(scan(host.ssh_config, "--transport", transport).stdout) for transport in TRANSPORTS]
        paths = [[vm["config_path"] for vm in report["virtual_machines"]] for report in reports]
        expect("both ways tell the same", paths[0] == paths[1], paths)
        expect("a name with line ends is one", any(path.endswith("/line\nend/\n-c '\"$IFS*.vmx") for path in paths[0]), paths[0])
        mounted = json.loads(subprocess.run([CBTCTL, "scan", host.volume(name), "--json"], capture_output=True).stdout)
        expect("as many as on a mount", len(mounted["virtual_machines"]) == len(paths[0]) > 5, len(paths[0]))
        pwned = [str(path) for path in host.root.rglob("pwned*") if "proc" not in path.parts]
        expect("nothing is executed", not [p for p in pwned if "fixtures" not in p and not p.endswith("$(touch pwned)")], pwned)


def test_denied():
    """An account that may not read everything: what is denied is told, the rest is read."""
    with Standin(SOURCE, "8.0", [f"ds={HEALTHY}"]) as host:
        volume = host.volume("ds")
        for path in [volume, *volume.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        whole = scan(host.ssh_config, target="ssh://reader@esx")
        expect("an account that may read all", whole.returncode == 0, whole)
        (volume / "one").chmod(0)
        (volume / "two/two.vmx").chmod(0)
        (volume / "empty").mkdir(mode=0o755)
        for transport in TRANSPORTS:
            found = scan(host.ssh_config, "--transport", transport, target="ssh://reader@esx")
            report = json.loads(found.stdout)
            folders = [folder["path"] for folder in report["unreadable_folders"]]
            expect(f"{transport}: exit status", found.returncode == 8, found)
            expect(f"{transport}: a folder that is denied is told", folders == ["ds/one"] and
                   "/one: permission denied" in found.stderr.lower(), (folders, found.stderr))
            expect(f"{transport}: a file that is denied is listed", "ermission denied" in machine(report, "two.vmx")["unreadable"],
                   report)
            expect(f"{transport}: the rest is read", machine(report, "three.vmx")["disks"], report)
            expect(f"{transport}: an empty folder is no trouble", "empty" not in found.stderr, found.stderr)
            alone = scan(host.ssh_config, "--transport", transport, target="ssh://reader@esx/vmfs/volumes/ds/one")
            error = json.loads(alone.stdout)["targets"][0]["error"]
            expect(f"{transport}: a target that is denied has an error with its name", alone.returncode == 8 and error and
                   "ds/one" in error and "denied" in error, alone)


def test_changes_meanwhile():
    """A file that changes between its listing and its reading, right then."""
    with Standin(SOURCE, "8.0", [f"demo={DEMO}"], ["--busy"]) as host:
        volume = f"/vmfs/volumes/{host.volume('demo').name}"
        target = "ssh://esx/vmfs/volumes/demo"
        whole = json.loads(scan(host.ssh_config, target=target).stdout)

        def meanwhile(script):
            host.before_next_read(script)
            found = scan(host.ssh_config, target=target)
            expect(f"{script}: the script has run", (host.root / "standin/now").exists(), found)
            expect(f"{script}: the exit status", found.returncode in (0, 8), found)
            return json.loads(found.stdout)

        grown = machine(meanwhile(f"echo 'annotation = \"grew\"' >>{volume}/half/half.vmx\n"), "half/half.vmx")
        expect("a file that grows is read again", grown["disks"] == machine(whole, "half/half.vmx")["disks"], grown)
        gone = machine(meanwhile(f"rm {volume}/db01/db01.vmx\n"), "db01/db01.vmx")
        expect("a .vmx that vanishes is told", gone["unreadable"] == "vanished while it was read", gone)
        lost = meanwhile(f"rm {volume}/old01/old01-ctk.vmdk\n")
        ctk = machine(lost, "old01/old01.vmx")["disks"][0]["chain"][0]["ctk"]
        expect("a CTK file that vanishes is not verified, and is no finding", lost["exit_status"] == 8 and ctk["valid"] is None, ctk)
        torn = machine(meanwhile(f"printf x >{volume}/app01/app01.vmdk\n"), "app01/app01.vmx")
        expect("a descriptor that is replaced is never half of each", len(torn["disks"]) == 2, torn)


def test_changes_all_the_time():
    """Files that grow, shrink, come and go: each scan is whole, or says what changed."""
    with Standin(SOURCE, "8.0", [f"ds={HEALTHY}"]) as host:
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
            for transport in TRANSPORTS * 6:
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


def costs(found):
    return tuple(map(int, re.search(r"after the login (\d+) waits, (\d+) requests, at most (\d+) outstanding", found.stderr).groups()))


def test_costs():
    """Waits do not grow with the number of virtual machines, and requests by SFTP stay few and travel together."""
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (2, 60):
            place = Path(folder) / str(count)
            place.mkdir()
            for number in range(count):
                subprocess.run(["cp", "-a", "--sparse=always", f"{HEALTHY}/one", place / f"vm{number:03}"], check=True)
            with Standin(SOURCE, "8.0", [f"ds={place}"]) as host:
                for transport in TRANSPORTS:
                    found = scan(host.ssh_config, "--transport", transport, "--verbose", verb="check")
                    expect(f"{count} VMs are read", found.returncode in (0, 4), found)
                    measured[transport, count] = costs(found)
    waits = {key: value[0] for key, value in measured.items()}
    expect("by the shell: at most 12 waits, however many VMs", waits["shell", 2] == waits["shell", 60] <= 12, waits)
    expect("what is asked first costs no wait of its own", waits["shell", 60] <= 5, waits)
    per_vm = (measured["sftp", 60][1] - measured["sftp", 2][1]) / 58
    expect("by SFTP: at most 20 requests for each VM", per_vm <= 20, measured)
    expect("with many of them under way", measured["sftp", 60][2] >= 64, measured)


test_login_shells()
test_answers_that_are_none()
test_without_a_shell()
test_hostile_names()
test_denied()
test_changes_meanwhile()
test_changes_all_the_time()
test_costs()
finish(at_least=75)
