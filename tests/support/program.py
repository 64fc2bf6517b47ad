"""Starts the program under test: the one place that knows how.

    found = program.run("scan", folder, status=0)
    document = program.json("check", folder, "--deep")
    program.run("reset", folder, "--yes", who="another", under=fault("renameat2", "signal=SIGKILL:when=1"))
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

# The words of a verb that writes and finds nothing to do: what was stopped before is recovered.
RECOVER = ["repair", "--only", "vmx-duplicate-key", "--yes"]

LEFT_OUT = ("NO_COLOR", "COLUMNS", "CBTCTL_PASSWORD")  # of the caller's environment: they change what is printed
EVERY_STREAM = ("stdin", "stdout", "stderr")


def fault(call, what, path=None):
    """In front of the program: strace lets a system call fail, or kills at it; "error=ENOSPC:when=3". Several calls may
    be named, with commas; `when` counts in each thread by itself. With a `path` only calls on that file count."""
    only = [] if path is None else ["-P", path]
    return ["strace", "-f", "-qq", "-o", "/dev/null", *only, "-e", f"trace={call}", "-e", f"inject={call}:{what}"]


def trace(calls, report):
    """In front of the program: strace writes down these system calls."""
    return ["strace", "-f", "-qq", "-o", str(report), "-e", f"trace={calls}"]


class Program:
    """A built cbtctl. Below `home` it keeps its state, apart for each `who`: no administrator sees another's."""

    def __init__(self, path, home):
        self.path, self.home = Path(path).resolve(), Path(home)

    def command(self, *arguments, under=()):
        return [*map(str, under), str(self.path), *map(str, arguments)]

    def state(self, who="me"):
        """Where the journals of `who` lie: below cbtctl/."""
        return self.home / f"state-{who}"

    def environment(self, who="me", changes=None):
        """Names whose value is None are taken out."""
        values = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        values |= {"XDG_STATE_HOME": str(self.state(who)), "XDG_CONFIG_HOME": str(self.home / f"config-{who}"),
                   "SSH_AUTH_SOCK": "", **(changes or {})}
        return {name: str(value) for name, value in values.items() if value is not None}

    def start(self, *arguments, who="me", env=None, under=(), text=True, **more):
        """Starts it and does not wait: a Popen with pipes for both outputs."""
        settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        command, environment = self.command(*arguments, under=under), self.environment(who, env)
        return subprocess.Popen(command, env=environment, text=text, **settings)

    def run(self, *arguments, status=None, says="", shows="", stdin="", text=True, timeout=120, **more):
        """Waits for its end: a CompletedProcess. `status` is the exit status that it must have, `says` stands on its
        standard error, `shows` on its standard output; without `text` both are bytes."""
        source = subprocess.PIPE if stdin else subprocess.DEVNULL
        process = self.start(*arguments, text=text, stdin=source, **more)
        try:
            out, err = process.communicate(stdin or None, timeout=timeout)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        found = subprocess.CompletedProcess(process.args, process.returncode, out, err)
        assert status is None or found.returncode == status, f"expected exit status {status}: {found}"
        for wanted, stream, name in ((says, err, "standard error"), (shows, out, "standard output")):
            assert not wanted or (wanted if text else wanted.encode()) in stream, f"no {wanted!r} on {name}: {found}"
        return found

    def json(self, *arguments, **more):
        """The document that it prints with --json."""
        found = self.run(*arguments, "--json", **more)
        try:
            return json.loads(found.stdout)
        except ValueError:
            raise AssertionError(f"no JSON: {found}") from None

    def states(self, *targets, **more):
        """What scan says of each disk: {(path of the machine, slot): CBT state}."""
        machines = self.json("scan", *targets, **more)["virtual_machines"]
        return {(vm["config_path"], disk["slot"]): disk["cbt"]["state"] for vm in machines for disk in vm["disks"]}

    def calls(self, names, *arguments, **more):
        """Runs it under strace: (CompletedProcess, the lines of strace)."""
        with tempfile.NamedTemporaryFile("r") as report:
            found = self.run(*arguments, under=trace(names, report.name), **more)
            return found, report.read().splitlines()

    def on_terminal(self, *arguments, columns=80, streams=EVERY_STREAM, answers=(), thinks_s=0.0, who="me", env=None,
                    cwd=None, timeout=60):
        """Runs it on a terminal of its own, with these `streams` on it and the others nowhere. Of `answers`, pairs of a
        question and what is typed (bytes), each is typed when its question stands there, after `thinks_s`; a "|" marks
        where. A CompletedProcess whose stdout is what the terminal has shown."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        settings = {name: theirs if name in streams else subprocess.DEVNULL for name in EVERY_STREAM}
        process = self.start(*arguments, who=who, env={"LC_ALL": "C.UTF-8", "TERM": "xterm", **(env or {})}, cwd=cwd,
                             start_new_session=True, **settings,
                             preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0))
        os.close(theirs)
        try:
            shown = converse(ours, list(answers), thinks_s, time.monotonic() + timeout)
            process.wait(timeout=5)
        except BaseException:
            process.send_signal(signal.SIGKILL)
            raise
        finally:
            process.wait()
            os.close(ours)
        return subprocess.CompletedProcess(process.args, process.returncode, shown.decode(errors="replace"), "")


def converse(terminal, answers, thinks_s, deadline):
    """What is shown until the other side closes the terminal."""
    shown = b""
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                return shown
            if not piece:
                return shown
            shown += piece
        if answers and answers[0][0] in shown:
            time.sleep(thinks_s)
            os.write(terminal, answers.pop(0)[1])
            shown += b"|"
    raise AssertionError(f"the program does not end; shown so far: {shown.decode(errors='replace')}")
