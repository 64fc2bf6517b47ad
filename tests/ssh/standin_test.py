#!/usr/bin/python3
"""The stand-in for an ESXi host keeps what it promises: OpenSSH set up as ESXi's, its applets and no more, and commands
that say what the state says in the form of each release. Asked by OpenSSH's own client.

usage: standin_test.py CBTCTL SOURCE_DIR
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402

SOURCE = Path(sys.argv[2]).resolve()


def offered(host):
    """What the server offers, as ssh -vv tells."""
    talk = host.ssh("true", "-vv").stderr
    server = talk[talk.index("peer server KEXINIT proposal"):]
    return {name: re.search(f"debug2: {name}: (.*)", server).group(1).strip().split(",")
            for name in ("KEX algorithms", "host key algorithms", "ciphers ctos", "MACs ctos")}, talk


def is_answered(profile):
    with Standin(SOURCE, profile, [f"ds 1={SOURCE}/fixtures/demo"]) as host:
        algorithms, talk = offered(host)
        expect(f"{profile}: no ed25519 and no chacha20", not re.search("25519|chacha", str(algorithms)), algorithms)
        wanted = "ssh-rsa" if profile == "6.0" else "ecdsa-sha2-nistp256"
        expect(f"{profile}: its host key", wanted in algorithms["host key algorithms"], algorithms)
        expect(f"{profile}: publickey and keyboard-interactive, no password",
               "can continue: publickey,keyboard-interactive\n" in talk.replace("\r", ""), talk)
        expect(f"{profile}: the right password is let in", host.ssh_with_password("echo in").stdout == "in\n")
        denied = host.ssh_with_password("echo in", "wrong")
        expect(f"{profile}: a wrong one is not", "Permission denied (publickey,keyboard-interactive)" in denied.stderr, denied)

        expect(f"{profile}: hidden applets are gone", host.ssh("echo x | tr x y").returncode == 127)
        expect(f"{profile}: also where BusyBox is asked for them", "not found" in host.ssh(
            "/usr/lib/vmware/busybox/bin/busybox base64 /bin/sh").stderr)
        expect(f"{profile}: the others work", host.ssh("echo abc | sed s/b/x/ | awk '{print $1}'").stdout == "axc\n")
        expect(f"{profile}: the volume's name is a link",
               host.ssh("cd -P '/vmfs/volumes/ds 1' && pwd").stdout.strip() == f"/vmfs/volumes/{host.volume('ds 1').name}")
        expect(f"{profile}: nothing of the machine outside is there", not host.ssh("ls /work /proc /home").stdout)

        version = re.search(r"^VMware ESXi (\d\.\d\.\d) build-(\d+)\n", host.ssh("vmware -v").stdout)
        expect(f"{profile}: version", version and version.group(1).startswith(profile))
        rows = host.ssh("vim-cmd vmsvc/getallvms").stdout.splitlines()
        expect(f"{profile}: an invalid VM is told first", rows[0].startswith("Skipping invalid VM '"), rows[0])
        ids = [row.split()[0] for row in rows[2:]]
        expect(f"{profile}: rows are sorted as strings", ids == sorted(ids) and "10" in ids, ids)
        expect(f"{profile}: padding", (max(map(len, rows[2:])) > 250) == (profile == "8.0"))
        fault = host.ssh("vim-cmd vmsvc/power.getstate 999")
        expect(f"{profile}: faults go to stdout", fault.stdout.startswith("(vim.fault.NotFound) {") and fault.returncode == 1
               and ("null, \n" in fault.stdout) == (profile != "8.0"), fault)
        json = host.ssh("esxcli --formatter=json vm process list").stdout
        expect(f"{profile}: json from 7.0", json.startswith("Unable to find requested formatter") == (profile < "7"), json)

        identity = host.id_of("half")
        expect(f"{profile}: power", host.ssh(f"vim-cmd vmsvc/power.getstate {identity}").stdout.endswith("\nPowered on\n"))
        expect(f"{profile}: the process list", "Display Name: half\n" in host.ssh("esxcli vm process list").stdout)
        host.set_power("half", "off")
        expect(f"{profile}: the state can be changed", "Display Name: half\n" not in host.ssh("esxcli vm process list").stdout)
        path = "/vmfs/volumes/ds 1/half/half-flat.vmdk"
        expect(f"{profile}: free", "mode 0, owner" in host.ssh(f"vmkfstools -D '{path}'").stdout)
        host.add("lock", path, 1, "00:50:56:aa:bb:cc")
        expect(f"{profile}: locked", "mode 1, owner 00000000-00000000-0000-005056aabbcc" in host.ssh(
            f"vmkfstools -D '{path}'").stdout)
        expect(f"{profile}: by whom", "['00:50:56:aa:bb:cc']" in host.ssh(f"vmfsfilelockinfo -p '{path}'").stdout)
        host.add("task", identity, f"haTask-{identity}-vim.VirtualMachine.createSnapshot-3887")
        expect(f"{profile}: tasks", "createSnapshot-3887'" in host.ssh(f"vim-cmd vmsvc/get.tasklist {identity}").stdout)
        host.answer("esxcli vm process list", "Liste des machines\n", 3)
        planned = host.ssh("esxcli vm process list")
        expect(f"{profile}: a planned answer", (planned.stdout, planned.returncode) == ("Liste des machines\n", 3), planned)

        listed = subprocess.run(["sftp", "-F", host.ssh_config, "-b", "-", "esx"], input="ls /vmfs/volumes\n",
                                capture_output=True, text=True, timeout=60).stdout
        expect(f"{profile}: SFTP", "/vmfs/volumes/ds 1" in listed, listed)


for release in ("6.0", "6.7", "7.0", "8.0"):
    is_answered(release)

with Standin(SOURCE, "8.0", options=["--no-shell"]) as host:
    expect("without a shell nothing runs", host.ssh("echo in").stdout == "This account is currently not available.\n")
    expect("and SFTP is there", subprocess.run(["sftp", "-F", host.ssh_config, "-b", "-", "esx"], input="pwd\n",
                                               capture_output=True, text=True, timeout=60).returncode == 0)
with Standin(SOURCE, "6.0", options=["--without", "stat,timeout"]) as host:
    expect("applets can be left out", host.ssh("stat /").returncode == 127 and host.ssh("timeout 1 true").returncode == 127)
with Standin(SOURCE, "8.0", options=["--no-sftp"]) as host:
    expect("without SFTP", subprocess.run(["sftp", "-F", host.ssh_config, "-b", "-", "esx"], input="pwd\n",
                                          capture_output=True, text=True, timeout=60).returncode != 0)
    expect("the shell is there", host.ssh("echo in").stdout == "in\n")
with Standin(SOURCE, "8.0", [f"ds={SOURCE}/fixtures/demo"], ["--busy"]) as host:
    file = f"/vmfs/volumes/{host.volume('ds').name}/lost/lost.vmx"
    host.add("busy", file, "Device or resource busy")
    busy = host.ssh("cd /vmfs/volumes/ds && head -c 4 lost/lost.vmx old01/old01.vmx")
    expect("a file that a VM holds cannot be read", busy.returncode == 1 and "lost.vmx: Device or resource busy" in busy.stderr
           and "==> old01/old01.vmx <==" in busy.stdout, busy)
    got = subprocess.run(["sftp", "-F", host.ssh_config, "-b", "-", "esx"], input=f"get {file} /dev/null\n",
                         capture_output=True, text=True, timeout=60)
    expect("nor over SFTP", got.returncode != 0 and "Failure" in got.stderr, got)

with tempfile.TemporaryDirectory() as folder:
    again = subprocess.run([SOURCE / "tools/esxi-standin", "stop", "--dir", folder], capture_output=True, text=True)
    expect("what is no stand-in is not stopped", again.returncode != 0 and "holds no stand-in" in again.stderr)

finish(at_least=60)

