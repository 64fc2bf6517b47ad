"""A stand-in for an ESXi host for the length of a `with`: tools/esxi-standin started in a temporary folder.

    with Standin(SOURCE, profile="7.0", datastores=["demo=fixtures/demo"]) as host:
        host.ssh("vim-cmd vmsvc/getallvms")
        host.set_power("web01", "on")
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machines import put_back

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools/standin"))
from server import processes_in  # noqa: E402

SETTINGS = ("standin/state", "etc/passwd", "etc/pam.d/sshd", "etc/ssh/keys-root/authorized_keys")


def is_machine(fields, name):
    """Whether a line of the state tells of this virtual machine."""
    return fields[0] == "vm" and fields[4] == name


class Standin:
    def __init__(self, source, profile="8.0", datastores=(), options=()):
        self.source, self.tool, self.profile = Path(source), Path(source) / "tools/esxi-standin", profile
        self.folder = Path(tempfile.mkdtemp(prefix="esxi-standin-"))
        arguments = [self.tool, "start", "--dir", self.folder, "--profile", profile, *options]
        for datastore in datastores:
            arguments += ["--datastore", datastore]
        run = subprocess.run(arguments, cwd=self.source, capture_output=True, text=True, timeout=120)
        if run.returncode != 0:
            subprocess.run([self.tool, "stop", "--dir", self.folder], capture_output=True, timeout=60)
            shutil.rmtree(self.folder, ignore_errors=True)
            raise RuntimeError(f"the stand-in does not start: {run.stderr}")
        told = dict(line.split(" ", 1) for line in run.stdout.splitlines())
        self.port = int(told["port"])
        self.root, self.state, self.answers, self.log = (Path(told[k]) for k in ("root", "state", "answers", "log"))
        self.password_file, self.key_file = Path(told["password_file"]), Path(told["key_file"])
        self.known_hosts, self.ssh_config = Path(told["known_hosts"]), Path(told["ssh_config"])
        self.datastores = {text.rpartition("=")[0].split(":")[0]: self.source / text.rpartition("=")[2]
                           for text in datastores}
        self.settings = {path: path.read_bytes() for path in map(self.root.joinpath, SETTINGS)}
        self.untouched = {name: self.marks(name) for name in self.datastores}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        subprocess.run([self.tool, "stop", "--dir", self.folder], check=True, timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def marks(self, name):
        """Of every file of a datastore, what changes when somebody changes the file."""
        found = [(path, path.lstat()) for path in [self.volume(name), *self.volume(name).rglob("*")]]
        return {path: (status.st_ino, status.st_mode, status.st_size, status.st_ctime_ns) for path, status in found}

    def rest(self):
        """Waits until nothing is at work on the host any more, be its client gone long ago."""
        server, deadline = int((self.root / "standin/sshd.pid").read_text()), time.monotonic() + 60
        while [process for process in processes_in(self.root) if process != server]:
            if time.monotonic() > deadline:
                raise RuntimeError("the stand-in does not come to rest")
            time.sleep(0.02)

    def reset(self):
        """The host becomes what it was at its start, where a test has changed its settings or datastores."""
        for path, content in self.settings.items():
            if path.read_bytes() != content:
                path.write_bytes(content)
        for path in [*self.answers.iterdir(), *map(self.root.joinpath, ("standin/before-read", "standin/now"))]:
            path.unlink(missing_ok=True)
        for name, folder in self.datastores.items():
            if self.marks(name) != self.untouched[name]:
                put_back(folder, self.volume(name))
                self.untouched[name] = self.marks(name)

    def target(self, path="/vmfs/volumes"):
        return f"ssh://esx{path}"

    def config_behind(self, port):
        """The same host reached through another port, where a proxy listens: an ssh_config."""
        known, config = self.folder / f"known_hosts_{port}", self.folder / f"ssh_config_{port}"
        known.write_text(self.known_hosts.read_text().replace(f":{self.port} ", f":{port} "))
        config.write_text(self.ssh_config.read_text().replace(f"Port {self.port}\n", f"Port {port}\n")
                          .replace(f"{self.known_hosts}\n", f"{known}\n"))
        return config

    def before_next_read(self, script):
        """Runs once, in the stand-in's root, right before the next file is read; needs --busy."""
        (self.root / "standin/before-read").write_text(script)

    def ssh(self, command, *options, stdin=""):
        """Runs a command by OpenSSH's own client, with the key."""
        return subprocess.run(["ssh", "-F", self.ssh_config, "-o", "BatchMode=yes", *options, "esx", command],
                              input=stdin, capture_output=True, text=True, timeout=60)

    def ssh_with_password(self, command, password=None):
        """The same by keyboard-interactive; ssh asks a program for the password."""
        ask = self.folder / "ask"
        password = self.password() if password is None else password
        ask.write_text(f"#!/bin/sh\ncat <<'EOF'\n{password}\nEOF\n")
        ask.chmod(0o700)
        return subprocess.run(["ssh", "-F", self.ssh_config, "-o", "PubkeyAuthentication=no", "-o",
                               "NumberOfPasswordPrompts=1", "esx", command],
                              env=os.environ | {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def sftp(self, commands):
        """Runs commands of OpenSSH's own sftp, with the key."""
        return subprocess.run(["sftp", "-F", self.ssh_config, "-b", "-", "esx"], input=commands, capture_output=True,
                              text=True, timeout=60)

    def password(self):
        return self.password_file.read_text().strip()

    def volume(self, name):
        """The folder of a datastore, as this machine sees it."""
        return self.root / "vmfs/volumes" / os.readlink(self.root / "vmfs/volumes" / name)

    def change_state(self, change):
        """`change` gets the list of lines, each a list of fields, and returns the new one."""
        lines = [line.split("\t") for line in self.state.read_text(errors="surrogateescape").splitlines()]
        text = "".join("\t".join(fields) + "\n" for fields in change(lines))
        self.state.write_text(text, errors="surrogateescape")

    def add(self, *fields):
        self.change_state(lambda lines: lines + [[str(field) for field in fields]])

    def set_power(self, name, power):
        self.change_state(lambda lines: [f[:2] + [power] + f[3:] if is_machine(f, name) else f for f in lines])

    def unregister(self, name):
        self.change_state(lambda lines: [f for f in lines if not is_machine(f, name)])

    def id_of(self, name):
        lines = self.state.read_text(errors="surrogateescape").splitlines()
        return next(fields[1] for fields in (line.split("\t") for line in lines) if is_machine(fields, name))

    def answer(self, command, text, status=0, seconds=0):
        """From now on the command prints this: answer("vim-cmd vmsvc/getallvms", "..."), until the file is deleted."""
        head = f"status {status}\n" + (f"sleep {seconds}\n" if seconds else "")
        planned = self.answers / command.replace("/", "_").replace(" ", "_")
        planned.write_text(head + text)
        return planned
