"""Connecting as a user does it: ssh_config, known_hosts, every way to log in, one clear message for each failure."""
import contextlib
import itertools
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from line import Line, Silent

HEALTHY = "ds=fixtures/healthy"
HOST = {"profile": "8.0", "datastores": [HEALTHY]}
QUESTION = b"(root@esx) Password: "
NO_TERMINAL = {"start_new_session": True}


@pytest.fixture
def scan(program):
    return lambda config, *arguments, target="ssh://esx", **more: program.run(
        "scan", target, "--ssh-config", config, *arguments, **more)


@pytest.fixture
def config(host, scratch):
    return Configs(host, scratch)


class Configs:
    """Writes the stand-in's ssh_config with other values; None takes a line out."""

    def __init__(self, host, folder):
        self.host, self.folder, self.numbers = host, folder, itertools.count()

    def __call__(self, **changes):
        values = {"HostName": "127.0.0.1", "Port": self.host.port, "User": "root", "IdentityFile": self.host.key_file,
                  "IdentitiesOnly": "yes", "UserKnownHostsFile": self.host.known_hosts,
                  "GlobalKnownHostsFile": "/dev/null"} | changes
        lines = [f"  {key} {value}\n" for key, value in values.items() if value is not None]
        return self.written("Host esx\n" + "".join(lines))

    def behind(self, port, **changes):
        """The same host reached through another port, where a line listens."""
        known = self.folder / f"known-{port}"
        known.write_text(self.host.known_hosts.read_text().replace(f":{self.host.port} ", f":{port} "))
        return self(Port=port, UserKnownHostsFile=known, **changes)

    def written(self, text):
        path = self.folder / f"config-{next(self.numbers)}"
        path.write_text(text)
        return path


def reads(found):
    """A scan that has read the host."""
    assert found.returncode == 0 and "one" in found.stdout, found


def fails(found, *words):
    """A scan that could not, and says why in one line."""
    assert found.returncode == 8 and found.stderr.count("\n") == 1, found
    assert [word for word in words if str(word) not in found.stderr] == [], found


def new_key(folder, name, kind="ecdsa", passphrase=""):
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path], check=True)
    return path


@contextlib.contextmanager
def agent_with(folder, *keys):
    """An ssh-agent that has the keys: the environment that names it."""
    agent = Path(tempfile.mkdtemp(dir=folder)) / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not agent.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        environment = {"SSH_AUTH_SOCK": str(agent)}
        subprocess.run(["ssh-add", "-q", *keys], env=os.environ | environment, check=True)
        yield environment
    finally:
        process.terminate()
        process.wait()


def allow(host, key):
    with (host.root / "etc/ssh/keys-root/authorized_keys").open("a") as file:
        file.write(Path(f"{key}.pub").read_text())


def fingerprint(host):
    text = subprocess.run(["ssh-keygen", "-lf", host.known_hosts], capture_output=True, text=True).stdout
    return re.search(r"SHA256:\S+", text).group()


# --- host keys --------------------------------------------------------------------------------------------------------


def test_an_unknown_host_key_is_told_with_its_fingerprint_and_not_remembered(scan, config, host, scratch):
    known = scratch / "new/known"
    unknown = scan(config(UserKnownHostsFile=known))
    fails(unknown, "root@esx: the host key is not known: ", "--accept-new-host-key", fingerprint(host))
    assert not known.exists()


def test_strict_host_key_checking_no_opens_no_door(scan, config, scratch):
    careless = config(UserKnownHostsFile=scratch / "known", StrictHostKeyChecking="no")
    fails(scan(careless), "the host key is not known")


def test_accept_new_host_key_is_the_door_and_the_key_is_known_from_then_on(scan, config, host, scratch):
    known = scratch / "new/known"
    new = config(UserKnownHostsFile=known)
    accepted = scan(new, "--accept-new-host-key")
    reads(accepted)
    assert fingerprint(host) in accepted.stderr
    assert known.read_text().startswith(f"[127.0.0.1]:{host.port} "), "the entry has the port"
    reads(scan(new))
    openssh = subprocess.run(["ssh", "-F", new, "-o", "BatchMode=yes", "esx", "true"], capture_output=True)
    assert openssh.returncode == 0, "OpenSSH reads the entry"


def test_a_hashed_entry_is_known(scan, config, host, scratch):
    known = scratch / "known"
    known.write_text(host.known_hosts.read_text())
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", known], check=True, capture_output=True)
    assert "127.0.0.1" not in known.read_text()
    reads(scan(config(UserKnownHostsFile=known)))


def test_hash_known_hosts_is_heeded(scan, config, scratch):
    hashed = scratch / "hashed"
    reads(scan(config(UserKnownHostsFile=hashed, HashKnownHosts="yes"), "--accept-new-host-key"))
    assert hashed.read_text().startswith("|1|")


@pytest.mark.parametrize("options", [[], ["--accept-new-host-key"]], ids=["plain", "--accept-new-host-key"])
def test_a_changed_host_key_stops(scan, config, host, scratch, options):
    other = Path(f"{new_key(scratch, 'other-host')}.pub").read_text().split()
    changed = scratch / "changed"
    changed.write_text(f"# mine\n[127.0.0.1]:{host.port} {other[0]} {other[1]}\n")
    fails(scan(config(UserKnownHostsFile=changed), *options),
          "THE HOST KEY HAS CHANGED", f"{changed}:2 knows another", fingerprint(host))


def test_a_revoked_host_key_stops(scan, config, host, scratch):
    right, revoked = host.known_hosts.read_text(), scratch / "revoked"
    revoked.write_text(right + "@revoked * " + " ".join(right.split()[1:3]) + "\n")
    fails(scan(config(UserKnownHostsFile=revoked), "--accept-new-host-key"), "is revoked by")


def test_a_host_key_that_cannot_be_remembered_is_not_accepted(scan, config):
    unwritable = config(UserKnownHostsFile="/proc/none/known")
    fails(scan(unwritable, "--accept-new-host-key"), "cannot be remembered")


def test_a_host_key_is_known_by_its_alias(scan, config, host, scratch):
    alias = scratch / "alias"
    alias.write_text("name " + " ".join(host.known_hosts.read_text().split()[1:3]) + "\n")
    reads(scan(config(UserKnownHostsFile=alias, HostKeyAlias="name")))


def test_a_host_that_is_filed_without_its_port_is_known_as_for_openssh(scan, config, host, scratch):
    known = scratch / "no-port"
    known.write_text("127.0.0.1 " + " ".join(host.known_hosts.read_text().split()[1:3]) + "\n")
    filed = config(UserKnownHostsFile=known)
    openssh = subprocess.run(["ssh", "-F", filed, "-o", "BatchMode=yes", "esx", "true"], capture_output=True)
    assert openssh.returncode == 0, openssh
    reads(scan(filed))


def test_another_key_that_is_filed_without_a_port_is_none_of_this_host(scan, config, scratch):
    known = scratch / "other-port"
    known.write_text("127.0.0.1 " + " ".join(Path(f"{new_key(scratch, 'other')}.pub").read_text().split()[:2]) + "\n")
    fails(scan(config(UserKnownHostsFile=known)), "the host key is not known")


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def key(host, scratch):
    """A key file that the host lets in."""
    path = new_key(scratch, "login")
    allow(host, path)
    return path


@pytest.fixture
def locked_key(host, scratch):
    """The same with a passphrase."""
    path = new_key(scratch, "locked", passphrase="open sesame")
    allow(host, path)
    return path


@pytest.fixture
def strange_key(scratch):
    """A key that the host does not know."""
    return new_key(scratch, "strange")


def test_a_key_file_logs_in(scan, config, key):
    reads(scan(config(IdentityFile=key)))


def test_a_key_that_the_host_does_not_know_is_told(scan, config, strange_key):
    fails(scan(config(IdentityFile=strange_key, PasswordAuthentication="no"), **NO_TERMINAL),
          "login rejected: the host offers publickey,keyboard-interactive", f"tried: {strange_key}",
          "no password was given")


def has_libssh2_1_11():
    """Debian 13's knows chacha20 and RSA with SHA-2; Debian 12's, 1.10, does not."""
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libssh2-1-dev"], capture_output=True, text=True,
                             check=True).stdout
    return [int(part) for part in version.split(".")[:2]] >= [1, 11]


def test_a_key_file_that_is_none_is_told(scan, config, scratch):
    damaged = scratch / "damaged"
    damaged.write_text("no key\n")
    fails(scan(config(IdentityFile=damaged), **NO_TERMINAL), f"{damaged} (cannot be read as a key)")


def test_an_rsa_key_logs_in_or_is_told_where_libssh2_signs_with_sha_1(scan, config, host, scratch):
    rsa = new_key(scratch, "login-rsa", "rsa")
    allow(host, rsa)
    if has_libssh2_1_11():
        return reads(scan(config(IdentityFile=rsa), **NO_TERMINAL))
    fails(scan(config(IdentityFile=rsa), **NO_TERMINAL), "An RSA key signs with SHA-1 in libssh2",
          "libssh2 1.11 can sign with SHA-2, and an ECDSA key works today")


def test_a_passphrase_that_nobody_gives_is_told(scan, config, locked_key):
    fails(scan(config(IdentityFile=locked_key), **NO_TERMINAL), f"{locked_key} (needs a passphrase)")


def test_a_passphrase_is_asked_for_and_not_shown(program, config, locked_key):
    found = program.on_terminal("scan", "ssh://esx", "--ssh-config", config(IdentityFile=locked_key),
                                answers=[(b"Passphrase for", b"open sesame\n")])
    reads(found)
    assert "open sesame" not in found.stdout


def test_a_wrong_passphrase_is_told(program, config, locked_key):
    answers = [(b"Passphrase for", b"wrong\n"), (b"Password: ", b"\x04")]  # then the password is refused with Ctrl-D
    found = program.on_terminal("scan", "ssh://esx", "--ssh-config", config(IdentityFile=locked_key), answers=answers)
    assert found.returncode == 8 and "(wrong passphrase)" in found.stdout


def test_a_key_of_the_agent_logs_in(scan, config, key, scratch):
    with agent_with(scratch, key) as environment:
        reads(scan(config(IdentityFile="none", IdentitiesOnly="no"), env=environment))


def test_identity_agent_names_the_agent(scan, config, key, scratch):
    with agent_with(scratch, key) as environment:
        agent = environment["SSH_AUTH_SOCK"]
        reads(scan(config(IdentityFile="none", IdentitiesOnly="no", IdentityAgent=agent)))


def test_identities_only_keeps_the_agent_s_other_keys_out(scan, config, key, strange_key, scratch):
    with agent_with(scratch, key) as environment:
        fails(scan(config(IdentityFile=strange_key), env=environment, **NO_TERMINAL), "agent (0 keys)")


def test_too_many_keys_are_told(scan, config, scratch):
    with agent_with(scratch, *(new_key(scratch, f"strange{i}") for i in range(7))) as environment:
        fails(scan(config(IdentityFile="none", IdentitiesOnly="no"), env=environment, **NO_TERMINAL),
              "login rejected", "Too many authentication failures", "agent (")


# --- passwords --------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_key(config):
    """An ssh_config that has no key, so that a password is wanted."""
    return config(IdentityFile="none")


def test_a_password_is_taken_from_a_file(scan, no_key, host):
    reads(scan(no_key, "--password-file", host.password_file))


def test_a_password_is_taken_from_a_file_descriptor(scan, no_key, host):
    read, write = os.pipe()
    os.write(write, host.password().encode() + b"\n")
    os.close(write)
    reads(scan(no_key, "--password-fd", read, pass_fds=[read]))
    os.close(read)


def test_a_password_is_taken_from_the_environment(scan, no_key, host):
    reads(scan(no_key, "--verbose", env={"CBTCTL_PASSWORD": host.password()}))


def test_a_wrong_password_is_told_and_no_secret_is_shown(scan, no_key, host):
    wrong = scan(no_key, "--verbose", env={"CBTCTL_PASSWORD": "not this one"})
    assert wrong.returncode == 8, wrong
    assert "tried: keyboard-interactive (the password was not accepted)" in wrong.stderr
    assert host.password() not in wrong.stderr and "not this one" not in wrong.stderr + wrong.stdout


def logged(host, begin, last):
    """What the host's log has from `begin` on, once it has a line like `last`, maybe after the client is gone."""
    deadline = time.monotonic() + 20
    while not re.search(last, text := host.log.read_text()[begin:]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return text


def test_a_wrong_password_is_tried_once(scan, no_key, host):
    begin = len(host.log.read_text())
    scan(no_key, env={"CBTCTL_PASSWORD": "not this one"}, status=8)
    end = r"(Connection closed by|Disconnected from) authenticating user root .*\[preauth\]"
    log = logged(host, begin, r"Failed keyboard-interactive[\s\S]*" + end)  # not that of a connection before
    assert "[preauth]" in log and log.count("Failed keyboard-interactive") == 1, log


def test_a_password_in_the_target_is_refused(program, host):
    found = program.run("scan", f"ssh://root:{host.password()}@esx/x", "--ssh-config", host.ssh_config, status=16)
    assert host.password() not in found.stderr


def test_two_sources_of_a_password_are_one_too_many(scan, no_key, host):
    scan(no_key, "--password-file", host.password_file, "--password-fd", 0, status=16)


def test_a_password_file_that_is_not_there_is_refused(scan, no_key):
    scan(no_key, "--password-file", "/nowhere", status=16)


def test_a_password_that_nobody_gives_is_told(scan, no_key):
    fails(scan(no_key, **NO_TERMINAL), "login rejected", "keyboard-interactive (no password was given for 'Password:')")


def test_the_password_is_asked_for_and_not_echoed(program, no_key, host):
    found = program.on_terminal("scan", "ssh://esx", "--ssh-config", no_key,
                                answers=[(QUESTION, host.password().encode() + b"\n")])
    reads(found)
    assert host.password() not in found.stdout


def test_it_is_asked_for_a_second_time_and_can_be_corrected_while_it_is_typed(program, no_key, host):
    right = host.password().encode()
    answers = [(QUESTION, b"wrong\n"),
               (b"Not accepted. " + QUESTION, right[:-1] + b"xy\x7f\x7f" + right[-1:] + b"\n")]
    reads(program.on_terminal("scan", "ssh://esx", "--ssh-config", no_key, answers=answers))


def test_ctrl_c_at_the_question_ends_at_once(program, no_key):
    begin = time.monotonic()
    found = program.on_terminal("scan", "ssh://esx", "--ssh-config", no_key, answers=[(QUESTION, b"\x03")])
    assert found.returncode == 32 and time.monotonic() - begin < 5


def test_keyboard_interactive_may_ask_nothing(scan, no_key, host):
    permits = "".join(f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "session"))
    (host.root / "etc/pam.d/sshd").write_text(permits)
    reads(scan(no_key, **NO_TERMINAL))


def test_a_host_may_want_a_key_and_a_password(scan, standin):
    both = standin("8.0", [HEALTHY], ["--set", "AuthenticationMethods=publickey,keyboard-interactive"])
    reads(scan(both.ssh_config, "--password-file", both.password_file))


# --- logins that break: told as what they are, and not as a wrong password --------------------------------------------


IN_THE_LOGIN = "how to log in|lost during the login|no channel can be opened"


@pytest.fixture(scope="module")
def module_configs(module_host, module_scratch):
    return Configs(module_host, module_scratch)


@pytest.fixture(scope="module")
def cut_logins(module_configs, module_program, side_by_side, chosen):
    """(kind of login, place) -> a scan whose line is cut there."""
    host = module_configs.host
    keys = {"key": host.key_file, "password": "none"}

    def cut(login, place):
        with Line(host.port, cut={"down": place}) as line:
            config = module_configs.behind(line.port, IdentityFile=keys[login])
            return module_program.run("scan", "ssh://esx", "--ssh-config", config,
                                      env={"CBTCTL_PASSWORD": host.password()})
    cases = chosen("test_a_line_cut_in_the_login_is_no_wrong_password")
    return {(case["login"], case["place"]): side_by_side(cut, **case) for case in cases}


@pytest.mark.parametrize("login", ["key", "password"])
@pytest.mark.parametrize("place", range(1000, 1300, 25))
def test_a_line_cut_in_the_login_is_no_wrong_password(cut_logins, login, place):
    found = cut_logins[login, place].result()
    fails(found, "cbtctl: root@esx: ")
    assert re.search(f"handshake failed|{IN_THE_LOGIN}", found.stderr), "it was cut later"
    assert "not accepted" not in found.stderr


def test_such_lines_are_cut_in_the_login_too(module_configs, module_program):
    host = module_configs.host
    for place in range(1000, 3000, 50):
        with Line(host.port, cut={"down": place}) as line:
            found = module_program.run("scan", "ssh://esx", "--ssh-config", module_configs.behind(line.port))
        assert "not accepted" not in found.stderr
        if re.search(IN_THE_LOGIN, found.stderr):
            return
    pytest.fail("no place lies in the login")


# --- waits without an answer ------------------------------------------------------------------------------------------


def stalled_login(opened, configs):
    line = opened(Line(configs.host.port, stall={"down": 1150}))
    return {"config": configs.behind(line.port)}


def silent_agent(opened, configs):
    """The environment that names an agent which never answers."""
    path = Path(tempfile.mkdtemp(dir=configs.folder)) / "silent"
    listening = opened(socket.socket(socket.AF_UNIX))
    listening.bind(str(path))
    listening.listen()
    return {"SSH_AUTH_SOCK": str(path)}


def only_a_silent_agent(opened, configs):
    return {"config": configs(IdentityFile="none", IdentitiesOnly="no"), "env": silent_agent(opened, configs)}


def a_key_beside_a_silent_agent(opened, configs):
    return {"config": configs.host.ssh_config, "env": silent_agent(opened, configs)}


def silent_server(opened, configs):
    return {"config": configs(Port=opened(Silent()).port)}


def silent_server_by_ssh_config(opened, configs):
    return {"config": configs(Port=opened(Silent()).port, ConnectTimeout=1), "options": []}


def full_port(opened, configs):
    """A port that lets no connection in any more."""
    full = opened(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(4):
        waiting = opened(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(full.getsockname())
    return {"config": configs(Port=full.getsockname()[1])}


WAITS = [(stalled_login, "no answer in time"), (only_a_silent_agent, "agent (does not answer)"),
         (a_key_beside_a_silent_agent, None), (silent_server, "the host says nothing"),
         (silent_server_by_ssh_config, "the host says nothing"), (full_port, "no answer in time")]


@pytest.fixture(scope="module")
def waits(module_configs, module_program, side_by_side, chosen):
    """Who does not answer -> a scan that waits for it a second, and its duration."""
    def waited(who):
        with contextlib.ExitStack() as opened:
            settings = {"options": ["--connect-timeout", 1], "env": None} | who(opened.enter_context, module_configs)
            begin = time.monotonic()
            found = module_program.run("scan", "ssh://esx", "--ssh-config", settings["config"], *settings["options"],
                                       env=settings["env"], **NO_TERMINAL)
            return found, time.monotonic() - begin
    cases = chosen("test_who_does_not_answer_is_left_in_time")
    return {case["who"]: side_by_side(waited, case["who"]) for case in cases}


@pytest.mark.parametrize("who, words", WAITS, ids=[who.__name__ for who, _ in WAITS])
def test_who_does_not_answer_is_left_in_time(waits, who, words):
    found, seconds = waits[who].result()
    if words:
        fails(found, words)
    else:
        reads(found)
    assert 1 <= seconds < 10


# --- a connection never takes the place of a standard stream that is closed: nothing is printed into it ---------------


def test_a_report_that_goes_nowhere_is_no_success(scan, host):
    closed = scan(host.ssh_config, under=["sh", "-c", 'exec "$@" >&-', "sh"])
    assert closed.returncode == 8 and "cannot be written" in closed.stderr, closed


def test_what_is_told_to_nobody_does_not_break_the_line(scan, config, scratch):
    new = config(UserKnownHostsFile=scratch / "known-closed")
    reads(scan(new, "--accept-new-host-key", under=["sh", "-c", 'exec "$@" 2>&- <&-', "sh"]))


# --- ssh_config decides where the connection goes, and through what ---------------------------------------------------

CARRY = """import socket,sys,threading,os
s=socket.create_connection((sys.argv[1],int(sys.argv[2])))
def up():
    while b:=os.read(0,65536): s.sendall(b)
threading.Thread(target=up,daemon=True).start()
while b:=s.recv(65536): os.write(1,b)
"""


@pytest.fixture
def carry(scratch):
    """A ProxyCommand."""
    (scratch / "carry").write_text(CARRY)
    return f"/usr/bin/python3 {scratch}/carry %h %p"


def test_a_proxy_command_carries_the_connection(scan, config, carry):
    reads(scan(config(ProxyCommand=carry)))


def test_a_proxy_command_that_fails_is_told(scan, config):
    fails(scan(config(ProxyCommand="false")), "root@esx: the host closed the connection")


def test_a_host_name_that_a_shell_would_run_is_run_by_none(scan, config, carry, scratch):
    hostile = config(HostName=f"$(touch${{IFS}}{scratch}/pwned)", ProxyCommand=carry)
    fails(scan(hostile), "is no plain name")
    assert not (scratch / "pwned").exists()


def test_proxy_jump_goes_through_the_jump_host(scan, config, standin):
    jump = standin("7.0", options=["--set", "AllowTcpForwarding=yes"])
    reads(scan(config.written(config(ProxyJump="jump").read_text() + (
        f"Host jump\n  HostName 127.0.0.1\n  Port {jump.port}\n  User root\n  IdentityFile {jump.key_file}\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {jump.known_hosts}\n"))))
    assert "Accepted publickey" in jump.log.read_text()


def test_user_and_port_of_the_target_come_first(scan, config, host):
    reads(scan(config(User="nobody", Port=1), target=f"ssh://root@esx:{host.port}"))


def test_an_ssh_config_that_ssh_refuses_is_told(scan, config):
    fails(scan(config.written("Host esx\n  NoSuchOption yes\n")), "ssh -G esx")


# --- hosts that cannot be reached -------------------------------------------------------------------------------------


def test_a_closed_port_is_told(scan, config):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        fails(scan(config(Port=closed.getsockname()[1])), "root@esx: 127.0.0.1:", "the connection is refused")


def test_an_unknown_name_is_told(scan, config):
    fails(scan(config(Port=22, HostName="no-such-host.invalid")), "the name no-such-host.invalid is unknown")


# --- progress on a terminal -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def on_terminal(module_configs, module_program, side_by_side):
    """What a terminal shows while a host at the end of a slow line is scanned: plain, --quiet, and with a question."""
    host = module_configs.host
    with Line(host.port, round_trip_s=0.2) as line:
        def shown(key, *options, **more):
            config = module_configs.behind(line.port, IdentityFile=key)
            return module_program.on_terminal("scan", "ssh://esx", "--ssh-config", config, *options, **more)
        yield {"plain": side_by_side(shown, host.key_file), "quiet": side_by_side(shown, host.key_file, "--quiet"),
               "asks": side_by_side(shown, "none", answers=[(b"Password: ", b"\x04")], thinks_s=1.5)}


def test_how_far_the_hosts_are_is_drawn_and_taken_away_before_the_report(on_terminal):
    found = on_terminal["plain"].result()
    drawn, _, after = found.stdout.rpartition("received\r")
    reads(found)
    assert "0 of 1 host connected; 0 B received" in drawn
    assert after.startswith("\r\x1b[K") and "connected" not in after


def test_nothing_is_drawn_with_quiet(on_terminal):
    found = on_terminal["quiet"].result()
    assert found.returncode == 0 and "connected" not in found.stdout


def test_a_question_stands_alone(on_terminal):
    shown = on_terminal["asks"].result().stdout
    question = shown[shown.index("(root@esx) Password: "):]
    assert "connected" not in question[:question.index("\n")]


def test_nothing_is_drawn_where_standard_error_is_no_terminal(scan, host):
    assert scan(host.ssh_config, status=0).stderr == ""


# --- algorithms and addresses -----------------------------------------------------------------------------------------


def test_chacha20_is_used_or_told_as_no_common_cipher(scan, standin):
    host = standin("8.0", [HEALTHY], ["--set", "Ciphers=chacha20-poly1305@openssh.com"])
    if has_libssh2_1_11():
        return reads(scan(host.ssh_config))
    fails(scan(host.ssh_config), "no common algorithm for cipher: the host offers chacha20-poly1305@openssh.com",
          "libssh2", "aes128-ctr")


def test_an_rsa_host_key_is_trusted_or_told_where_libssh2_wants_sha_1(scan, standin):
    options = ["--host-keys", "rsa", "--set", "HostKeyAlgorithms=rsa-sha2-256,rsa-sha2-512"]
    host = standin("8.0", [HEALTHY], options)
    if has_libssh2_1_11():
        return reads(scan(host.ssh_config))
    fails(scan(host.ssh_config),
          "no common algorithm for host key: the host offers rsa-sha2-",
          "libssh2 1.11 can use the host's RSA key with SHA-2; a host with an ECDSA key works today")


WEAK = [("Ciphers", "3des-cbc"), ("Ciphers", "aes128-cbc"), ("KexAlgorithms", "diffie-hellman-group1-sha1"),
        ("KexAlgorithms", "diffie-hellman-group14-sha1")]


@pytest.mark.parametrize("option, name", WEAK, ids=[name for _, name in WEAK])
def test_what_ssh_offers_no_more_is_offered_where_ssh_config_asks_for_it(scan, config, standin, option, name):
    host = standin("8.0", [HEALTHY], ["--set", f"{option}={name}"])
    fails(scan(host.ssh_config), f"the host offers {name}", f"where ssh_config asks for it ({option} +...)")
    reads(scan(config.written(f"Host esx\n  {option} +{name}\n" + host.ssh_config.read_text())))


def test_an_ssh_config_that_leaves_nothing_to_offer_is_told(scan, config):
    fails(scan(config(MACs="umac-64@openssh.com")), "of ssh_config's MACs libssh2", "has none; it has hmac-")


def test_ipv6_reaches_a_host(scan, config, standin, scratch):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6: there is nothing to connect to")
    host = standin("8.0", [HEALTHY], ["--set", "ListenAddress=::1"])
    known = scratch / "known6"
    known.write_text(f"[::1]:{host.port} {' '.join(host.known_hosts.read_text().split()[1:3])}\n")
    text = f"Host *\n  User root\n  IdentityFile {host.key_file}\n  UserKnownHostsFile {known}\n"
    reads(scan(config.written(text), target=f"ssh://[::1]:{host.port}"))


# --- many hosts -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def farm(started, source, module_scratch):
    """Options that name five targets, two hosts among them; each host has a `datastore1` of its own, and both have
    `shared`."""
    healthy = f"{source}/fixtures/healthy"
    shared = f"shared::65f1c2aa-3b0c9d1e-77aa-0050569a1b2c={healthy}"
    first = started("7.0", [f"datastore1::11111111-22222222-3333-444444444444={healthy}", shared])
    second = started("8.0", [f"datastore1={healthy}", shared])
    text = "".join(Configs(host, module_scratch)().read_text().replace("Host esx", f"Host {name}")
                   for name, host in (("one", first), ("two", second)))
    config, targets = module_scratch / "many", module_scratch / "hosts.txt"
    config.write_text(text + "Host down\n  HostName 127.0.0.1\n  Port 1\n")
    targets.write_text(f"# the farm\nssh://two\nssh://down\n\n{healthy}\nssh://one\nssh://nobody@one\n")
    return ["--targets-file", targets, "--ssh-config", config]


@pytest.fixture(scope="module", params=[1, 8], ids=["one at a time", "side by side"])
def farm_scan(request, farm, module_program):
    found = module_program.run("scan", *farm, "--json", "--jobs", request.param, status=8)
    return found, json.loads(found.stdout)


def test_many_targets_keep_their_order(farm_scan, fixtures):
    assert [target["location"] for target in farm_scan[1]["targets"]] == [
        "ssh://two", "ssh://down", f"{fixtures}/healthy", "ssh://one", "ssh://nobody@one"]


def test_of_many_targets_each_that_failed_is_told_in_one_line(farm_scan):
    found, report = farm_scan
    assert [bool(target["error"]) for target in report["targets"]] == [False, True, False, False, True]
    assert found.stderr.count("\n") == 2 and "refused" in found.stderr


def test_of_many_targets_the_rest_is_complete(farm_scan):
    assert {vm["target"] for vm in farm_scan[1]["virtual_machines"]} == {0, 2, 3}


UUID = "65f1c2aa-3b0c9d1e-77aa-0050569a1b2c"


@pytest.mark.parametrize("refusing, readable", [((0,), True), ((1,), True), ((0, 1), False)])
def test_a_vmx_that_one_host_may_not_read_is_asked_of_the_other_that_sees_it(standin, source, scratch, program,
                                                                             refusing, readable):
    hosts = [standin(release, [f"shared::{UUID}={source}/fixtures/healthy"], ["--busy"]) for release in ("7.0", "8.0")]
    for number in refusing:
        hosts[number].add("busy", f"/vmfs/volumes/{UUID}/one/one.vmx", "Invalid argument")
    config = scratch / "both"
    config.write_text("".join(Configs(host, scratch)().read_text().replace("Host esx", f"Host {name}")
                              for name, host in zip(("first", "second"), hosts)))
    report = program.json("scan", "ssh://first", "ssh://second", "--ssh-config", config)
    (one,) = (vm for vm in report["virtual_machines"] if vm["config_path"] == "shared/one/one.vmx")
    assert one["seen_by"] == [0, 1] and bool(one["disks"]) == readable and ("unreadable" in one) != readable


def test_a_datastore_of_both_hosts_is_told_once_and_one_of_the_same_name_twice(farm_scan):
    places = {(vm["config_path"].split("/")[0], tuple(vm["seen_by"])) for vm in farm_scan[1]["virtual_machines"]}
    assert places == {("datastore1", (0,)), ("shared", (0, 3)), ("datastore1", (3,)),
                      ("one", (2,)), ("two", (2,)), ("three", (2,))}


def test_no_jobs_at_all_are_refused(program):
    program.run("scan", "ssh://one", "--jobs", 0, status=16)
