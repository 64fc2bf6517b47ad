#!/usr/bin/python3
"""A host that means no good: an SSH server (paramiko) that asks, lists and answers as a test wants it.

    with Hostile(folder, rounds=[[("Password: ", False)], [("New password: ", False)]]) as host:
        run(..., "--ssh-config", host.ssh_config)
        host.answers == [["secret"]]

As a program, `hostile.py FOLDER LISTING` serves until its standard input ends; it prints its ssh_config's path first.
"""
import itertools
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

NAME, ATTRIBUTES, HANDLE, STATUS = 104, 105, 102, 101
FOLDER = struct.pack(">II", 4, 0o40755)  # attributes: the mode alone


class Hostile:
    """`rounds` are what is asked by keyboard-interactive, each a list of (prompt, echo); then the user is let in, or
    not (`accepts`), or hears nothing more (None). Any iterable does, an endless one asks for ever; None: nobody is
    asked anything. Each round begins with the `introduction`, a name and a text. `methods` are the ways to log in.
    `answers` are those that were given. `listing` names one of LISTINGS, which gives the names of a folder, many at a
    time; by the shell (`is_whole`) of all that is below too."""

    def __init__(self, folder, rounds=None, accepts=True, listing="empty", introduction=("", ""),
                 methods="keyboard-interactive"):
        self.rounds, self.accepts, self.listing, self.answers = rounds, accepts, LISTINGS[listing], []
        self.introduction, self.methods, self.closed = introduction, methods, threading.Event()
        self.key = paramiko.ECDSAKey.generate()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.transports = []
        self.ssh_config, known = Path(folder) / f"hostile-{self.port}", Path(folder) / f"hostile-known-{self.port}"
        known.write_text(f"[127.0.0.1]:{self.port} {self.key.get_name()} {self.key.get_base64()}\n")
        self.ssh_config.write_text(
            f"Host esx\n  HostName 127.0.0.1\n  Port {self.port}\n  User root\n  IdentityFile none\n"
            f"  UserKnownHostsFile {known}\n  GlobalKnownHostsFile /dev/null\n")
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            transport = paramiko.Transport(client)
            self.transports.append(transport)
            transport.add_server_key(self.key)
            try:
                transport.start_server(event=threading.Event(), server=Session(self))
            except paramiko.SSHException:
                transport.close()

    def close(self):
        self.closed.set()
        self.listening.close()
        for transport in self.transports:
            transport.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Session(paramiko.ServerInterface):
    def __init__(self, host):
        self.host = host
        self.rounds = None if host.rounds is None else iter(host.rounds)

    def get_allowed_auths(self, username):
        return self.host.methods

    def check_auth_none(self, username):
        return AUTH_SUCCESSFUL if self.rounds is None else AUTH_FAILED

    def check_auth_password(self, username, password):
        self.host.answers.append([password])
        return self.verdict()

    def check_auth_interactive(self, username, submethods):
        return self.next_round()

    def check_auth_interactive_response(self, responses):
        self.host.answers.append(list(responses))
        return self.next_round()

    def next_round(self):
        prompts = next(self.rounds, None)
        if prompts is not None:
            return paramiko.InteractiveQuery(*self.host.introduction, *prompts)
        return self.verdict()

    def verdict(self):
        if self.host.accepts is None:
            self.host.closed.wait()
        return AUTH_SUCCESSFUL if self.host.accepts else AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        return self.serve(Shell, channel)

    def check_channel_subsystem_request(self, channel, name):
        return self.serve(Sftp, channel)

    def serve(self, kind, channel):
        server = kind(self.host, channel)
        threading.Thread(target=server.work_quietly, daemon=True).start()
        return True


class Server:
    def __init__(self, host, channel):
        self.host, self.channel, self.file = host, channel, channel.makefile("rb")

    def work_quietly(self):
        try:
            self.work()
        except (OSError, EOFError, ValueError, struct.error):
            self.channel.close()


class Sftp(Server):
    """SFTP version 3, as much of it as listing takes. Every path is a folder."""

    def work(self):
        lists = {}
        while True:
            kind, body = self.packet()
            number, rest = body[:4], body[4:]
            if kind == 1:  # INIT
                self.send(2, struct.pack(">I", 3))
            elif kind == 16:  # REALPATH
                path = rest[4:4 + struct.unpack(">I", rest[:4])[0]]
                self.send(NAME, number + struct.pack(">I", 1) + named(path))
            elif kind in (7, 8, 17):  # LSTAT, FSTAT, STAT
                self.send(ATTRIBUTES, number + FOLDER)
            elif kind == 11:  # OPENDIR
                handle = struct.pack(">I", len(lists))
                lists[handle] = self.host.listing(False)
                self.send(HANDLE, number + text(handle))
            elif kind == 12:  # READDIR
                names = next(lists[rest[4:8]], None)
                if names is None:
                    self.send(STATUS, number + struct.pack(">I", 1) + text(b"") + text(b""))
                else:
                    self.send(NAME, number + struct.pack(">I", len(names)) + b"".join(map(named, names)))
            else:
                self.send(STATUS, number + struct.pack(">I", 0 if kind == 4 else 8) + text(b"") + text(b""))

    def packet(self):
        length = struct.unpack(">I", self.file.read(4))[0]
        body = self.file.read(length)
        return body[0], body[1:]

    def send(self, kind, body):
        self.channel.sendall(struct.pack(">IB", len(body) + 1, kind) + body)


def text(value):
    return struct.pack(">I", len(value)) + value


def named(name):
    return text(name) + text(b"") + FOLDER


class Shell(Server):
    """What the program's resident script would print (src/storage/ssh_script.h), if it were run."""

    def work(self):
        while self.line() != b".":
            pass
        token = self.line()
        self.lines()
        self.channel.sendall(b"\n%s hello\n%s root \n%s ready\n" % (token, token, token))
        while True:
            count = int(self.line().split()[0])
            script = self.lines()
            if count > 0:
                self.file.read(count)
            for _ in range(-count):
                self.lines()
            if b"printf '%s l" in script:
                self.list(token)
            self.channel.sendall(b"\n%s end 0\n" % token)
            self.channel.sendall_stderr(b"\n%s end\n" % token)

    def list(self, token):
        self.channel.sendall(b"%s l\n" % token)
        for names in self.host.listing(True):
            self.channel.sendall(b"".join(
                b"%s s 41ed 4096 8 0 0 ./%s %s ./%s\n" % (token, name, token, name) for name in names))

    def line(self):
        line = self.file.readline()
        if not line:
            raise EOFError
        return line[:-1]

    def lines(self):
        return b"\n".join(self.line() for _ in range(int(self.line())))


def endless(_):
    """New names for ever, many at once."""
    for number in itertools.count():
        yield [b"f%d-%d" % (number, i) for i in range(5000)]


def dripping(_):
    """One more now and then: never silent, never over."""
    for number in itertools.count():
        time.sleep(0.1)
        yield [b"f%d" % number]


def deep(is_whole):
    """Each folder holds another."""
    for depth in itertools.count(1) if is_whole else [1]:
        yield [b"/".join([b"d"] * depth)]


def long(_):
    yield [b"n" * 5000]


def some(_):
    yield [b"f%d" % number for number in range(5000)]


def empty(_):
    yield []


LISTINGS = {"empty": empty, "some": some, "endless": endless, "dripping": dripping, "deep": deep, "long": long}

if __name__ == "__main__":
    with Hostile(sys.argv[1], listing=sys.argv[2]) as served:
        print(served.ssh_config, flush=True)
        sys.stdin.read()
