"""A stand-in for an ESXi host for the length of a `with`: tools/esxi-standin started in a temporary folder.

    with Standin(SOURCE, profile="7.0", datastores=["demo=fixtures/demo"]) as host:
        host.ssh("vim-cmd vmsvc/getallvms")
        host.set_power("web01", "on")
"""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


class Standin:
    def __init__(self, source, profile="8.0", datastores=(), options=()):
        self.tool = Path(source) / "tools/esxi-standin"
        self.folder = Path(tempfile.mkdtemp(prefix="esxi-standin-"))
        arguments = [self.tool, "start", "--dir", self.folder, "--profile", profile, *options]
        for datastore in datastores:
            arguments += ["--datastore", datastore]
        run = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
        if run.returncode != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise RuntimeError(f"the stand-in does not start: {run.stderr}")
        told = dict(line.split(" ", 1) for line in run.stdout.splitlines())
        self.port = int(told["port"])
        self.root, self.state, self.answers, self.log = (Path(told[k]) for k in ("root", "state", "answers", "log"))
        self.password_file, self.key_file = Path(told["password_file"]), Path(told["key_file"])
        self.known_hosts, self.ssh_config = Path(told["known_hosts"]), Path(told["ssh_config"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        subprocess.run([self.tool, "stop", "--dir", self.folder], check=True, timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def target(self, path="/vmfs/volumes"):
        return f"ssh://esx{path}"

    def ssh(self, command, *options, stdin=""):
        """Runs a command by OpenSSH's own client, with the key."""
        return subprocess.run(["ssh", "-F", self.ssh_config, "-o", "BatchMode=yes", *options, "esx", command],
                              input=stdin, capture_output=True, text=True, timeout=60)

    def ssh_with_password(self, command, password=None):
        """The same by keyboard-interactive; ssh asks a program for the password."""
        ask = self.folder / "ask"
        ask.write_text(f"#!/bin/sh\ncat <<'EOF'\n{self.password_file.read_text().strip() if password is None else password}\nEOF\n")
        ask.chmod(0o700)
        return subprocess.run(["ssh", "-F", self.ssh_config, "-o", "PubkeyAuthentication=no", "-o",
                               "NumberOfPasswordPrompts=1", "esx", command],
                              env=os.environ | {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

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
        self.change_state(lambda lines: [f[:2] + [power] + f[3:] if f[0] == "vm" and f[4] == name else f for f in lines])

    def unregister(self, name):
        self.change_state(lambda lines: [f for f in lines if not (f[0] == "vm" and f[4] == name)])

    def id_of(self, name):
        return next(line.split("\t")[1] for line in self.state.read_text(errors="surrogateescape").splitlines()
                    if line.startswith("vm\t") and line.split("\t")[4] == name)

    def answer(self, command, text, status=0, seconds=0):
        """From now on the command prints this: answer("vim-cmd vmsvc/getallvms", "...")."""
        head = f"status {status}\n" + (f"sleep {seconds}\n" if seconds else "")
        (self.answers / command.replace("/", "_").replace(" ", "_")).write_text(head + text)
