#!/usr/bin/python3
"""Connecting as a user does it: ssh_config, known_hosts, every way to log in, and one clear message for each failure.

usage: connect_test.py CBTCTL SOURCE_DIR
"""
import contextlib
import itertools
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from line import Line, Silent
from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
HEALTHY = f"ds={SOURCE}/fixtures/healthy"
CONFIGS = itertools.count()


def run(*arguments, env=None, **more):
    return subprocess.run([CBTCTL, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env=os.environ | {"SSH_AUTH_SOCK": ""} | (env or {}), **more)


def scan(config, *arguments, target="ssh://esx", **more):
    return run("scan", target, "--ssh-config", config, *arguments, **more)


def expect_scan(what, found):
    expect(what, found.returncode == 0 and "one" in found.stdout, found)


def expect_error(what, found, *words):
    expect(f"{what}: exit status", found.returncode == 8, found)
    expect(f"{what}: message", all(word in found.stderr for word in words), found.stderr)
    expect(f"{what}: one line", found.stderr.count("\n") == 1, found.stderr)


def config_of(host, folder, **changes):
    """The stand-in's ssh_config with other values; None takes the line out."""
    values = {"HostName": "127.0.0.1", "Port": host.port, "User": "root", "IdentityFile": host.key_file,
              "IdentitiesOnly": "yes", "UserKnownHostsFile": host.known_hosts, "GlobalKnownHostsFile": "/dev/null"} | changes
    path = Path(folder) / f"config-{next(CONFIGS)}"
    path.write_text("Host esx\n" + "".join(f"  {key} {value}\n" for key, value in values.items() if value is not None))
    return path


def new_key(folder, name, kind, passphrase=""):
    path = Path(folder) / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path], check=True)
    return path


@contextlib.contextmanager
def agent_with(folder, *keys):
    """An ssh-agent that has the keys: where it listens."""
    agent = Path(tempfile.mkdtemp(dir=folder)) / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL)
    try:
        while not agent.exists():
            time.sleep(0.02)
        subprocess.run(["ssh-add", "-q", *keys], env=os.environ | {"SSH_AUTH_SOCK": str(agent)}, check=True)
        yield agent
    finally:
        process.terminate()
        process.wait()


def allow(host, key, user="root"):
    with (host.root / f"etc/ssh/keys-{user}/authorized_keys").open("a") as file:
        file.write(Path(f"{key}.pub").read_text())


def on_terminal(answers, *arguments, thinks_s=0.0):
    """Runs cbtctl on a terminal of its own and types each answer when its question stands there, after a while. Exit
    status, output."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.pop("SSH_AUTH_SOCK", None)
        os.execv(CBTCTL, [CBTCTL, *map(str, arguments)])
    shown = b""
    answers = list(answers)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        if answers and answers[0][0] in shown:
            time.sleep(thinks_s)
            os.write(terminal, answers.pop(0)[1])
            shown += b"|"
    else:
        os.kill(child, signal.SIGKILL)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def fingerprints(host):
    text = subprocess.run(["ssh-keygen", "-lf", host.known_hosts], capture_output=True, text=True).stdout
    return re.findall(r"SHA256:\S+", text)


def test_known_hosts(host, folder):
    known = Path(folder) / "new/known"
    config = config_of(host, folder, UserKnownHostsFile=known)
    unknown = scan(config)
    expect_error("an unknown key", unknown, "root@esx: the host key is not known: ", "--accept-new-host-key")
    expect("its SHA256 is what ssh-keygen says", fingerprints(host)[0] in unknown.stderr, unknown.stderr)
    expect("nothing is remembered", not known.exists())
    careless = config_of(host, folder, UserKnownHostsFile=known, StrictHostKeyChecking="no")
    expect_error("StrictHostKeyChecking no opens no door", scan(careless), "the host key is not known")

    accepted = scan(config, "--accept-new-host-key")
    expect_scan("--accept-new-host-key is the door", accepted)
    expect("which is told", fingerprints(host)[0] in accepted.stderr, accepted.stderr)
    expect("the entry has the port", known.read_text().startswith(f"[127.0.0.1]:{host.port} "), known.read_text())
    expect_scan("from then on the key is known", scan(config))
    expect("and OpenSSH reads the entry", subprocess.run(
        ["ssh", "-F", config, "-o", "BatchMode=yes", "esx", "true"], capture_output=True).returncode == 0)
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", known], check=True, capture_output=True)
    expect("a hashed entry shows no name", "127.0.0.1" not in known.read_text())
    expect_scan("a hashed entry is known", scan(config))

    hashed = Path(folder) / "hashed"
    writes = config_of(host, folder, UserKnownHostsFile=hashed, HashKnownHosts="yes")
    expect_scan("HashKnownHosts", scan(writes, "--accept-new-host-key"))
    expect("is heeded", hashed.read_text().startswith("|1|"), hashed.read_text())

    other = Path(f"{new_key(folder, 'other-host', 'ecdsa')}.pub").read_text().split()
    changed = Path(folder) / "changed"
    changed.write_text(f"# mine\n[127.0.0.1]:{host.port} {other[0]} {other[1]}\n")
    config = config_of(host, folder, UserKnownHostsFile=changed)
    for options in ([], ["--accept-new-host-key"]):
        expect_error(f"a changed key stops {options}", scan(config, *options), "THE HOST KEY HAS CHANGED", f"{changed}:2 knows another",
                     fingerprints(host)[0])
    right = host.known_hosts.read_text()
    changed.write_text(right + "@revoked * " + " ".join(right.split()[1:3]) + "\n")
    expect_error("a revoked key stops", scan(config, "--accept-new-host-key"), "is revoked by")
    unwritable = config_of(host, folder, UserKnownHostsFile="/proc/none/known")
    expect_error("a key that cannot be remembered is not accepted", scan(unwritable, "--accept-new-host-key"), "cannot be remembered")
    alias = Path(folder) / "alias"
    alias.write_text("name " + " ".join(right.split()[1:3]) + "\n")
    expect_scan("HostKeyAlias", scan(config_of(host, folder, UserKnownHostsFile=alias, HostKeyAlias="name")))


def test_keys(host, folder):
    for kind in ("ecdsa", "ed25519"):
        key = new_key(folder, f"login-{kind}", kind)
        allow(host, key)
        if kind == "ecdsa":
            expect_scan("a key file", scan(config_of(host, folder, IdentityFile=key)))
    strange = new_key(folder, "strange", "ecdsa")
    config = config_of(host, folder, IdentityFile=strange, PasswordAuthentication="no")
    expect_error("a key that the host does not know", scan(config), "login rejected: the host offers publickey,keyboard-interactive",
                 f"tried: {strange}", "no password was given")
    damaged = Path(folder) / "damaged"
    damaged.write_text("no key\n")
    expect_error("a key file that is none", scan(config_of(host, folder, IdentityFile=damaged)), f"{damaged} (cannot be read as a key)")

    rsa = new_key(folder, "login-rsa", "rsa")
    allow(host, rsa)
    expect_error("an RSA key", scan(config_of(host, folder, IdentityFile=rsa)), "An RSA key signs with SHA-1 in libssh2",
                 "libssh2 1.11 can sign with SHA-2, and an ECDSA key works today")

    locked = new_key(folder, "locked", "ecdsa", "open sesame")
    allow(host, locked)
    config = config_of(host, folder, IdentityFile=locked)
    expect_error("a key with a passphrase that nobody gives", scan(config, stdin=subprocess.DEVNULL, start_new_session=True),
                 f"{locked} (needs a passphrase)")
    status, shown = on_terminal([(b"Passphrase for", b"open sesame\n")], "scan", "ssh://esx", "--ssh-config", config)
    expect("a passphrase is asked for", status == 0 and "one" in shown and "open sesame" not in shown, (status, shown))
    # What is asked next is the password: it is refused with Ctrl-D.
    status, shown = on_terminal([(b"Passphrase for", b"wrong\n"), (b"password: ", b"\x04")], "scan", "ssh://esx", "--ssh-config", config)
    expect("a wrong passphrase is told", status == 8 and "(wrong passphrase)" in shown, (status, shown))

    with agent_with(folder, Path(folder) / "login-ecdsa") as agent:
        env = {"SSH_AUTH_SOCK": str(agent)}
        asks = config_of(host, folder, IdentityFile="none", IdentitiesOnly="no")
        expect_scan("a key of the agent", scan(asks, env=env))
        expect_scan("IdentityAgent", scan(config_of(host, folder, IdentityFile="none", IdentitiesOnly="no", IdentityAgent=agent)))
        only = config_of(host, folder, IdentityFile=strange)
        expect_error("IdentitiesOnly keeps the agent's other keys out", scan(only, env=env), "agent (0 keys)")


def failed_logins(host):
    """As the server's log counts them, once it has come to rest: it is written when the client may be gone already."""
    before = None
    while before != (now := host.log.read_text().count("Failed keyboard-interactive")):
        before = now
        time.sleep(0.5)
    return now


def test_passwords(host, folder):
    config = config_of(host, folder, IdentityFile="none")
    password = host.password_file.read_text().strip()
    expect_scan("--password-file", scan(config, "--password-file", host.password_file))
    read, write = os.pipe()
    os.write(write, password.encode() + b"\n")
    os.close(write)
    expect_scan("--password-fd", scan(config, "--password-fd", read, pass_fds=[read]))
    os.close(read)
    expect_scan("CBTCTL_PASSWORD", scan(config, "--verbose", env={"CBTCTL_PASSWORD": password}))
    wrong = scan(config, "--verbose", env={"CBTCTL_PASSWORD": "not this one"})
    expect("a wrong password", wrong.returncode == 8 and "tried: keyboard-interactive (the password was not accepted)" in wrong.stderr,
           wrong)
    attempts = failed_logins(host)
    scan(config, env={"CBTCTL_PASSWORD": "not this one"})
    expect("is tried once", attempts > 0 and failed_logins(host) == attempts + 1, (attempts, failed_logins(host)))
    expect("no secret is shown", password not in wrong.stderr and "not this one" not in wrong.stderr + wrong.stdout)
    in_target = run("scan", f"ssh://root:{password}@esx/x", "--ssh-config", config)
    expect("a password in the target is refused", in_target.returncode == 16 and password not in in_target.stderr, in_target)
    expect("two sources are one too many", scan(config, "--password-file", host.password_file, "--password-fd", 0).returncode == 16)
    expect("a file that is not there", scan(config, "--password-file", "/nowhere").returncode == 16)
    expect_error("no password at all", scan(config, stdin=subprocess.DEVNULL, start_new_session=True),
                 "login rejected", "keyboard-interactive (no password was given)")

    command = ["scan", "ssh://esx", "--ssh-config", config]
    question = b"root@esx's password: "
    status, shown = on_terminal([(question, password.encode() + b"\n")], *command)
    expect("the password is asked for", status == 0 and "one" in shown, (status, shown))
    expect("and not echoed", password not in shown, shown)
    status, shown = on_terminal([(question, b"wrong\n"), (b"Not accepted. " + question, password[:-1].encode() + b"xy\x7f\x7f" +
                                                          password[-1:].encode() + b"\n")], *command)
    expect("a second time after a wrong one, which can be corrected while it is typed", status == 0, (status, shown))
    begin = time.monotonic()
    status, shown = on_terminal([(question, b"\x03")], *command)
    expect("Ctrl-C at the question", status == 32 and time.monotonic() - begin < 5, (status, shown))

    service = host.root / "etc/pam.d/sshd"
    before = service.read_text()
    service.write_text("auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n")
    expect_scan("keyboard-interactive that asks nothing", scan(config, stdin=subprocess.DEVNULL, start_new_session=True))
    service.write_text(before)


def test_broken_logins(host, folder):
    """A line that is lost, an agent that hangs, a host that breaks off: told as what they are, and not as a wrong password."""
    password = host.password_file.read_text().strip()
    for key in (host.key_file, "none"):
        for at in range(1000, 1300, 25):
            with Line(host.port, cut={"down": at}) as line:
                found = scan(config_of(host, folder, Port=line.port, IdentityFile=key), env={"CBTCTL_PASSWORD": password})
            expect(f"a line cut at {at} is no wrong password", found.returncode == 8 and "not accepted" not in found.stderr, found)
    with Line(host.port, stall={"down": 1150}) as line:
        expect_error("a line that stalls in the login", scan(host.config_behind(line.port), "--connect-timeout", 1), "no answer in time")
    asks = config_of(host, folder, IdentityFile="none", IdentitiesOnly="no")
    with agent_with(folder, *(new_key(folder, f"strange{i}", "ecdsa") for i in range(7))) as agent:
        expect_error("too many keys", scan(asks, env={"SSH_AUTH_SOCK": str(agent)}), "login rejected", "Too many authentication failures", "agent (")
    silent = Path(folder) / "silent"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(silent))
        listening.listen()
        begin = time.monotonic()
        expect_scan("an agent that never answers is passed over", scan(host.ssh_config, "--connect-timeout", 1, env={"SSH_AUTH_SOCK": str(silent)}))
        expect("in time", time.monotonic() - begin < 10, time.monotonic() - begin)
        expect_error("and is told", scan(asks, "--connect-timeout", 1, env={"SSH_AUTH_SOCK": str(silent)}), "agent (does not answer)")
    with Standin(SOURCE, "8.0", [HEALTHY], ["--set", "AuthenticationMethods=publickey,keyboard-interactive"]) as both:
        expect_scan("a host that wants a key and a password", scan(both.ssh_config, "--password-file", both.password_file))


def test_closed_streams(host, folder):
    """A connection never takes the place of a standard stream that is closed: nothing is printed into it."""
    command = [CBTCTL, "scan", "ssh://esx", "--ssh-config", str(host.ssh_config)]
    closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], capture_output=True, timeout=60)
    expect("a report that goes nowhere is no success", closed.returncode == 8 and b"cannot be written" in closed.stderr, closed)
    new = config_of(host, folder, UserKnownHostsFile=Path(folder) / "known-closed")
    command = [CBTCTL, "scan", "ssh://esx", "--ssh-config", str(new), "--accept-new-host-key"]
    closed = subprocess.run(["sh", "-c", 'exec "$@" 2>&- <&-', "sh", *command], stdout=subprocess.PIPE, timeout=60)
    expect("what is told to nobody does not break the line", closed.returncode == 0 and b"one" in closed.stdout, closed)


def test_ways(host, folder):
    """ssh_config decides where the connection goes, and through what."""
    carry = Path(folder) / "carry"
    carry.write_text("import socket,sys,threading,os\n"
                     "s=socket.create_connection((sys.argv[1],int(sys.argv[2])))\n"
                     "def up():\n"
                     "    while b:=os.read(0,65536): s.sendall(b)\n"
                     "threading.Thread(target=up,daemon=True).start()\n"
                     "while b:=s.recv(65536): os.write(1,b)\n")
    config = config_of(host, folder, ProxyCommand=f"/usr/bin/python3 {carry} %h %p")
    expect_scan("ProxyCommand", scan(config))
    expect_error("a ProxyCommand that fails", scan(config_of(host, folder, ProxyCommand="false")), "root@esx: the host closed the connection")
    hostile = config_of(host, folder, HostName=f"$(touch${{IFS}}{folder}/pwned)", ProxyCommand=f"/usr/bin/python3 {carry} %h %p")
    expect_error("a host name that a shell would run", scan(hostile), "is no plain name")
    expect("is run by none", not (Path(folder) / "pwned").exists())
    with Standin(SOURCE, "7.0", options=["--set", "AllowTcpForwarding=yes"]) as jump:
        text = config_of(host, folder, ProxyJump="jump").read_text() + (
            f"Host jump\n  HostName 127.0.0.1\n  Port {jump.port}\n  User root\n  IdentityFile {jump.key_file}\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {jump.known_hosts}\n")
        through = Path(folder) / "jump"
        through.write_text(text)
        expect_scan("ProxyJump", scan(through))
        expect("goes through the jump host", "Accepted publickey" in jump.log.read_text())
    expect_scan("user and port of the target come first", scan(config_of(host, folder, User="nobody", Port=1),
                                                               target=f"ssh://root@esx:{host.port}"))
    broken = Path(folder) / "broken"
    broken.write_text("Host esx\n  NoSuchOption yes\n")
    expect_error("an ssh_config that ssh refuses", scan(broken), "ssh -G esx")


def test_unreachable(folder, host):
    def at(port, **changes):
        return config_of(host, folder, Port=port, **changes)

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        expect_error("a closed port", scan(at(closed.getsockname()[1])), "root@esx: 127.0.0.1:", "the connection is refused")
    expect_error("an unknown name", scan(at(22, HostName="no-such-host.invalid")), "the name no-such-host.invalid is unknown")
    with Silent() as silent:
        begin = time.monotonic()
        expect_error("a server that says nothing", scan(at(silent.port), "--connect-timeout", 1), "the host says nothing")
        expect_error("ConnectTimeout of ssh_config", scan(at(silent.port, ConnectTimeout=1)), "the host says nothing")
        expect("both in time", time.monotonic() - begin < 15)
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(4):
        each = socket.socket()
        each.setblocking(False)
        each.connect_ex(full.getsockname())
        waiting.append(each)
    expect_error("a host that does not answer", scan(at(full.getsockname()[1]), "--connect-timeout", 1), "no answer in time")
    for each in [full, *waiting]:
        each.close()


def test_progress(host, folder):
    """On a terminal one line tells how far the hosts are, and is taken away; a question stands there alone."""
    with Line(host.port, round_trip_s=0.3) as line:
        slow = host.config_behind(line.port)
        status, shown = on_terminal([], "scan", "ssh://esx", "--ssh-config", slow)
        drawn, _, after = shown.rpartition("received\r")
        expect("how far the hosts are is drawn", status == 0 and "0 of 1 host connected; 0 B received" in drawn, shown)
        expect("and taken away before the report", after.startswith("\r\x1b[K") and "connected" not in after, shown)
        quiet = on_terminal([], "scan", "ssh://esx", "--quiet", "--ssh-config", slow)[1]
        expect("nothing is drawn with --quiet", "connected" not in quiet, quiet)
        asks = Path(folder) / "asks"
        asks.write_text(slow.read_text().replace(str(host.key_file), "none"))
        _, shown = on_terminal([(b"password: ", b"\x04")], "scan", "ssh://esx", "--ssh-config", asks, thinks_s=1.5)
        question = shown[shown.index("root@esx's password: "):]
        expect("a question stands alone", "connected" not in question[:question.index("\n")], shown)
    expect("nor where standard error is no terminal", scan(host.ssh_config).stderr == "")


def test_algorithms(folder):
    with Standin(SOURCE, "8.0", [HEALTHY], ["--set", "Ciphers=chacha20-poly1305@openssh.com"]) as host:
        expect_error("no common cipher", scan(host.ssh_config), "no common algorithm for cipher: the host offers chacha20-poly1305@openssh.com",
                     "libssh2", "aes128-ctr")
    with Standin(SOURCE, "8.0", [HEALTHY], ["--host-keys", "rsa", "--set", "HostKeyAlgorithms=rsa-sha2-256,rsa-sha2-512"]) as host:
        expect_error("an RSA host key", scan(host.ssh_config), "no common algorithm for host key: the host offers rsa-sha2-",
                     "libssh2 1.11 can use the host's RSA key with SHA-2; a host with an ECDSA key works today")


def test_ipv6(folder):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        print("this machine has no IPv6: nothing to connect to")
        return
    with Standin(SOURCE, "8.0", [HEALTHY], ["--set", "ListenAddress=::1"]) as host:
        key = " ".join(host.known_hosts.read_text().split()[1:3])
        known = Path(folder) / "known6"
        known.write_text(f"[::1]:{host.port} {key}\n")
        config = Path(folder) / "config6"
        config.write_text(f"Host *\n  User root\n  IdentityFile {host.key_file}\n  UserKnownHostsFile {known}\n")
        expect_scan("IPv6", scan(config, target=f"ssh://[::1]:{host.port}"))


def test_many(folder):
    own = f"datastore1={SOURCE}/fixtures/healthy"  # each host has one of this name
    shared = f"shared::65f1c2aa-3b0c9d1e-77aa-0050569a1b2c={SOURCE}/fixtures/healthy"
    with Standin(SOURCE, "7.0", [f"datastore1::11111111-22222222-3333-444444444444={SOURCE}/fixtures/healthy", shared]) as first, \
            Standin(SOURCE, "8.0", [own, shared]) as second:
        text = ""
        for name, host in (("one", first), ("two", second)):
            text += config_of(host, folder).read_text().replace("Host esx", f"Host {name}")
        text += "Host down\n  HostName 127.0.0.1\n  Port 1\n"
        config = Path(folder) / "many"
        config.write_text(text)
        targets = Path(folder) / "hosts.txt"
        targets.write_text(f"# the farm\nssh://two\nssh://down\n\n{SOURCE}/fixtures/healthy\nssh://one\nssh://nobody@one\n")
        for jobs in (1, 8):
            found = run("scan", "--targets-file", targets, "--ssh-config", config, "--json", "--jobs", jobs)
            report = json.loads(found.stdout)
            expect("the targets keep their order", [t["location"] for t in report["targets"]] ==
                   ["ssh://two", "ssh://down", f"{SOURCE}/fixtures/healthy", "ssh://one", "ssh://nobody@one"], report["targets"])
            expect("who failed is told", [bool(t["error"]) for t in report["targets"]] == [False, True, False, False, True],
                   report["targets"])
            expect("with exit 8 and the rest complete", found.returncode == 8 and
                   {vm["target"] for vm in report["virtual_machines"]} == {0, 2, 3}, found.stderr)
            places = sorted({(vm["config_path"].split("/")[0], tuple(vm["seen_by"])) for vm in report["virtual_machines"]})
            expect("a datastore of both hosts is told once, one of the same name twice", places == sorted(
                [("datastore1", (0,)), ("shared", (0, 3)), ("datastore1", (3,)), ("one", (2,)), ("two", (2,)), ("three", (2,))]), places)
            expect("one line for each", found.stderr.count("\n") == 2 and "refused" in found.stderr, found.stderr)
        expect("--jobs 0", run("scan", "ssh://one", "--jobs", 0).returncode == 16)


with tempfile.TemporaryDirectory() as scratch:
    with Standin(SOURCE, "8.0", [HEALTHY]) as standin:
        test_known_hosts(standin, scratch)
        test_keys(standin, scratch)
        test_passwords(standin, scratch)
        test_broken_logins(standin, scratch)
        test_closed_streams(standin, scratch)
        test_ways(standin, scratch)
        test_unreachable(scratch, standin)
        test_progress(standin, scratch)
    test_algorithms(scratch)
    test_ipv6(scratch)
    test_many(scratch)

finish(at_least=100)

