"""The real OpenSSH server of the stand-in, chrooted into its root."""
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import jail

CONFIGURATION = """# As an ESXi host's, reference/esxi-facts.md section 1a.
ListenAddress 127.0.0.1
Port {port}
PidFile /standin/sshd.pid
AuthorizedKeysFile /etc/ssh/keys-%u/authorized_keys
StrictModes no
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication yes
PermitRootLogin yes
AllowTcpForwarding no
AllowStreamLocalForwarding no
X11Forwarding no
PrintMotd no
ClientAliveInterval 200
ClientAliveCountMax 3
MaxStartups 10:30:100
RekeyLimit 1G 1H
LogLevel VERBOSE
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(profile, host_keys, port, subsystem, overrides):
    overrides = dict(line.split("=", 1) for line in overrides)
    settings = profile.sshd | overrides
    lines = [f"{key} {value}" for key, value in overrides.items()]  # sshd obeys the first
    lines.append(CONFIGURATION.format(port=port))
    if jail.SSHD_PARTS:
        lines.append("PerSourcePenalties no")  # as before 9.8: tests fail to log in on purpose, all from one address
    lines += [f"HostKey /etc/ssh/ssh_host_{kind}_key" for kind in host_keys]
    lines += [f"{key} {value}" for key, value in settings.items()]
    lines += [f"Subsystem sftp {subsystem}"] if subsystem else []
    return "\n".join(lines) + "\n"


def make_keys(root, folder, host_keys, password):
    for kind in host_keys:
        new_key(root / f"etc/ssh/ssh_host_{kind}_key", kind)
    new_key(folder / "key", "ecdsa")
    for user in ("root", "reader"):
        allowed = root / f"etc/ssh/keys-{user}"
        allowed.mkdir()
        (allowed / "authorized_keys").write_text((folder / "key.pub").read_text())
    for place in (root / "standin/password", folder / "password"):
        place.write_text(password + "\n")
        place.chmod(0o600)


def new_key(path, kind):
    bits = {"rsa": ["-b", "2048"], "ecdsa": ["-b", "256"]}.get(kind, [])
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-C", "esxi-standin", "-f", path], check=True)


def write_client_files(root, folder, host_keys, port):
    hosts = [f"[127.0.0.1]:{port} " + " ".join((root / f"etc/ssh/ssh_host_{kind}_key.pub").read_text().split()[:2])
             for kind in host_keys]
    (folder / "known_hosts").write_text("\n".join(hosts) + "\n")
    (folder / "ssh_config").write_text(
        f"Host esx standin\n  HostName 127.0.0.1\n  Port {port}\n  User root\n  IdentityFile {folder}/key\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile /dev/null\n")


def is_ready(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            return line.recv(8).startswith(b"SSH-2.0-")
    except OSError:
        return False


def processes_in(root):
    """Whatever runs chrooted in this root, and nothing else."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.path.samefile(entry / "root", root):
                yield int(entry.name)
        except OSError:
            continue


def start(root, folder, profile, host_keys, subsystem, overrides):
    """Returns the port. Another program may take a port that was just free: then the next one is tried."""
    for _ in range(5):
        port = free_port()
        text = configuration(profile, host_keys, port, subsystem, overrides)
        (root / "etc/ssh/sshd_config").write_text(text)
        done = subprocess.run(["chroot", root, jail.SSHD, "-E", "/standin/sshd.log"], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"esxi-standin: sshd: {done.stderr}{(root / 'standin/sshd.log').read_text()}")
        for _ in range(100):
            if is_ready(port):
                write_client_files(root, folder, host_keys, port)
                return port
            if not any(processes_in(root)):
                break
            time.sleep(0.05)
    raise SystemExit(f"esxi-standin: sshd does not answer: {(root / 'standin/sshd.log').read_text()}")


def stop(root):
    for how in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(40):
            running = list(processes_in(root))
            if not running:
                return
            for process in running:
                try:
                    os.kill(process, how)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
