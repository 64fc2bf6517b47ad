"""Passwords: the terminal that they are typed at, and where they stay in memory."""
import fcntl
import os
import pty
import re
import resource
import select
import signal
import termios
import time
from contextlib import contextmanager

import pytest

from hostile import Hostile

PASSWORD = "open sesame 7391"
ASKS = [[("Password: ", False)], [("One-time code: ", False)]]


@contextmanager
def asked(program, scratch, question, given=PASSWORD, ignored=()):
    """A scan on a terminal, at the question: the process, and the terminal as it sees it. `ignored`: these signals."""
    def take_terminal():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    ours, theirs = pty.openpty()
    with Hostile(scratch, rounds=ASKS) as host:
        process = program.start("scan", "ssh://esx/vmfs", "--ssh-config", host.ssh_config, stdin=theirs, stdout=theirs,
                                stderr=theirs, start_new_session=True, preexec_fn=take_terminal, cwd=scratch,
                                env={"CBTCTL_PASSWORD": given})
        try:
            read_until(ours, question)
            yield process, ours, theirs
        finally:
            process.kill()
            process.wait()
            os.close(ours)
            os.close(theirs)


def read_until(terminal, words):
    shown, deadline = b"", time.monotonic() + 60
    while words not in shown:
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536)


def echoes(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def copies_in_memory(process, text):
    """How often the process's memory holds it."""
    found = 0
    with open(f"/proc/{process.pid}/maps") as maps, open(f"/proc/{process.pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if mode.startswith("rw"):
                memory.seek(int(begin, 16))
                try:
                    found += memory.read(int(end, 16) - int(begin, 16)).count(text.encode())
                except OSError:
                    pass
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT],
                         ids=lambda number: number.name)
def test_a_signal_at_a_question_leaves_the_terminal_as_it_was(program, scratch, number):
    with asked(program, scratch, b"Password: ", given=None) as (process, _, terminal):
        assert not echoes(terminal)
        process.send_signal(number)
        status = process.wait(timeout=30)
        assert echoes(terminal) and termios.tcgetattr(terminal)[3] & termios.ICANON
        assert status == (32 if number in (signal.SIGTERM, signal.SIGINT) else -number)


def test_a_signal_that_is_ignored_ends_no_question(program, scratch):
    with asked(program, scratch, b"Password: ", given=None, ignored=[signal.SIGHUP]) as (process, ours, terminal):
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert process.poll() is None and not echoes(terminal)
        os.write(ours, PASSWORD.encode() + b"\n")
        read_until(ours, b"One-time code: ")


def test_ctrl_c_at_a_question_leaves_the_terminal_as_it_was(program, scratch):
    with asked(program, scratch, b"Password: ", given=None) as (process, ours, terminal):
        os.write(ours, b"\x03")
        assert process.wait(timeout=30) == 32 and echoes(terminal)


def test_no_core_is_dumped_of_a_process_that_holds_a_secret(program, scratch):
    with asked(program, scratch, b"One-time code: ") as (process, _, terminal):
        limits = open(f"/proc/{process.pid}/limits").read()
        assert re.search(r"Max core file size +0 +0 ", limits), limits
        process.send_signal(signal.SIGABRT)
        assert not os.WCOREDUMP(os.waitpid(process.pid, 0)[1])


def test_the_given_password_is_in_memory_once_and_not_in_the_environment(program, scratch):
    with asked(program, scratch, b"One-time code: ") as (process, _, terminal):
        assert PASSWORD.encode() not in open(f"/proc/{process.pid}/environ", "rb").read()
        assert copies_in_memory(process, PASSWORD) == 1


def test_what_was_typed_does_not_stay_in_memory(program, scratch):
    with asked(program, scratch, b"Password: ", given=None) as (process, ours, terminal):
        os.write(ours, PASSWORD.encode() + b"\n")
        read_until(ours, b"One-time code: ")
        assert copies_in_memory(process, PASSWORD) <= 1, "kept for a second connection"
