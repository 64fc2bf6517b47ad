"""Hosts that mean no good: what they ask for, and what they answer without end."""
import itertools
import time
from pathlib import Path

import pytest

from hostile import Hostile

PASSWORD = "open sesame"
GIVEN = {"env": {"CBTCTL_PASSWORD": PASSWORD}}
NO_TERMINAL = {"start_new_session": True}
ASKS = [("Password: ", False)]
CODE = [("One-time code: ", False)]


@pytest.fixture
def hostile(scratch):
    """Starts a host that is gone after the test: hostile(rounds=[...])."""
    hosts = []

    def start(**more):
        hosts.append(Hostile(scratch, **more))
        return hosts[-1]
    yield start
    for host in hosts:
        host.close()


@pytest.fixture
def scan(program):
    return lambda host, *arguments, **more: program.run(
        "scan", "ssh://esx/vmfs", "--ssh-config", host.ssh_config, *arguments, **more)


@pytest.fixture
def on_terminal(program):
    return lambda host, answers, **more: program.on_terminal(
        "scan", "ssh://esx/vmfs", "--ssh-config", host.ssh_config, answers=answers, **more)


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_the_given_password_answers_the_first_hidden_prompt(hostile, scan):
    host = hostile(rounds=[ASKS])
    scan(host, status=0, **GIVEN, **NO_TERMINAL)
    assert host.answers == [[PASSWORD]]


@pytest.mark.parametrize("rounds, asked", [
    ([ASKS + CODE], "One-time code:"),
    ([ASKS, CODE], "One-time code:"),
    ([ASKS, [("New password: ", False)]], "New password:"),
    ([[("User: ", True)], ASKS], "User:"),
], ids=["another prompt of one round", "another round", "a new password", "a visible prompt first"])
def test_the_given_password_answers_nothing_else(hostile, scan, rounds, asked):
    host = hostile(rounds=rounds)
    found = scan(host, status=8, **GIVEN, **NO_TERMINAL)
    assert "root@esx: login rejected" in found.stderr and f"'{asked}'" in found.stderr, found
    assert "only a person at a terminal can answer" in found.stderr and found.stderr.count("\n") == 1, found
    assert host.answers in ([], [[PASSWORD]]), "the host has the password once at most"


def test_a_host_that_asks_for_ever_has_the_password_once(hostile, scan):
    host = hostile(rounds=itertools.repeat(ASKS))
    scan(host, status=8, says="'Password:' after the password", **GIVEN, **NO_TERMINAL)
    assert host.answers == [[PASSWORD]]


def test_the_password_of_a_file_is_no_answer_to_a_second_prompt_either(hostile, scan, scratch):
    (scratch / "password").write_text(PASSWORD + "\n")
    host = hostile(rounds=[ASKS, CODE])
    scan(host, "--password-file", scratch / "password", status=8, says="'One-time code:'", **NO_TERMINAL)
    assert host.answers == [[PASSWORD]]


def test_a_host_of_several_targets_is_told_a_wrong_password_once(hostile, program):
    host = hostile(rounds=[ASKS], accepts=False)
    targets = [f"ssh://esx/vmfs/{name}" for name in "abcd"]
    found = program.run("scan", *targets, "--ssh-config", host.ssh_config, status=8, **GIVEN, **NO_TERMINAL)
    assert found.stderr.count("keyboard-interactive (the password was not accepted)") == 4, found
    assert host.answers == [[PASSWORD]]


@pytest.fixture
def scan_two(program):
    """Of two targets on one host."""
    return lambda host, *arguments, **more: program.run(
        "scan", "ssh://esx/vmfs/a", "ssh://esx/vmfs/b", "--ssh-config", host.ssh_config, *arguments, status=8, **GIVEN,
        **NO_TERMINAL, **more)


@pytest.mark.parametrize("methods", ["keyboard-interactive", "password"])
def test_a_host_that_is_silent_after_the_password_is_not_told_it_again(hostile, scan_two, methods):
    host = hostile(rounds=[ASKS], accepts=None, methods=methods)
    found = scan_two(host, "--connect-timeout", "3")
    assert host.answers == [[PASSWORD]], found
    assert f"{methods} (the host did not answer the password, and is not told it again)" in found.stderr, found
    assert "not accepted" not in found.stderr and found.stderr.count("\n") == 2, found


@pytest.mark.parametrize("methods", ["keyboard-interactive", "password"])
def test_a_wrong_password_is_called_so_for_each_target(hostile, scan_two, methods):
    host = hostile(rounds=[ASKS], accepts=False, methods=methods)
    found = scan_two(host)
    assert host.answers == [[PASSWORD]], found
    assert found.stderr.count(f"{methods} (the password was not accepted)") == 2, found


def test_a_host_that_asks_for_more_is_not_said_to_have_refused_the_password(hostile, scan_two):
    host = hostile(rounds=[ASKS, [("New password: ", False)]])
    found = scan_two(host)
    assert host.answers == [[PASSWORD]], found
    assert "the host asks 'New password:' after the password, which only a person" in found.stderr, found
    assert "the host asked 'New password:' after the password, and is not told it again" in found.stderr, found
    assert "not accepted" not in found.stderr, found


def test_a_password_that_never_went_out_is_no_refused_one(hostile, scan_two):
    host = hostile(rounds=[ASKS + CODE])
    found = scan_two(host)
    assert host.answers == [] and found.stderr.count("which only a person at a terminal can answer") == 2, found


def test_a_host_that_asks_nothing_is_said_to(hostile, scan):
    host = hostile(rounds=[], accepts=False)
    scan(host, status=8, says="keyboard-interactive (the host asked nothing)", **GIVEN, **NO_TERMINAL)


def test_the_prompt_that_the_given_password_answers_is_told_with_verbose(hostile, scan):
    host = hostile(rounds=[ASKS], introduction=("", "Welcome\x07"))
    found = scan(host, "--verbose", status=0, says="the given password answers 'Password:'", **GIVEN, **NO_TERMINAL)
    assert "cbtctl: (root@esx) Welcome\\x07\n" in found.stderr, found


def test_a_prompt_of_many_words_and_control_characters_is_told_in_one_line(hostile, scan):
    host = hostile(rounds=[ASKS, [("\x1b[2J\nroot@other's password: " + "x" * 5000, False)]])
    found = scan(host, status=8, says="\\x1b[2J\\nroot@other's password:", **GIVEN, **NO_TERMINAL)
    assert found.stderr.count("\n") == 1 and len(found.stderr) < 1000, found


def test_a_person_is_shown_each_prompt_and_answers_it(hostile, on_terminal):
    host = hostile(rounds=[ASKS + CODE, [("\x07New\npassword: ", False)], [("Colour: ", True)]])
    shown = on_terminal(host, [(b"(root@esx) Password: ", b"one\n"), (b"(root@esx) One-time code: ", b"two\n"),
                               (b"(root@esx) \\x07New\\npassword: ", b"three\n"), (b"(root@esx) Colour: ", b"green\n")])
    assert shown.returncode == 0 and host.answers == [["one", "two"], ["three"], ["green"]], shown
    assert "two" not in shown.stdout and "green" in shown.stdout, shown


def test_a_person_is_shown_what_the_host_says_before_its_prompts(hostile, on_terminal):
    host = hostile(rounds=[ASKS, CODE],
                   introduction=("Token \x1b[2J service", "Take the\x07 new token.\r\n\nThe old is void.\n"))
    said = "".join(f"(root@esx) {line}\r\n" for line in ("Token \\x1b[2J service", "Take the\\x07 new token.",
                                                          "The old is void."))
    shown = on_terminal(host, [(f"{said}(root@esx) Password: ".encode(), b"one\n"),
                               (f"{said}(root@esx) One-time code: ".encode(), b"two\n")])
    assert shown.returncode == 0 and host.answers == [["one"], ["two"]], shown


def test_what_a_host_says_before_its_prompts_is_not_shown_without_end(hostile, on_terminal):
    host = hostile(rounds=itertools.chain(itertools.repeat([], 100), [ASKS]), introduction=("x" * 9000, "y\n" * 5000))
    shown = on_terminal(host, [(b"(root@esx) Password: ", b"one\n")])
    assert shown.returncode == 0 and host.answers[-1] == ["one"] and 1000 < len(shown.stdout) < 40000, shown


def test_a_person_answers_what_the_given_password_does_not(hostile, on_terminal):
    host = hostile(rounds=[ASKS, CODE])
    shown = on_terminal(host, [(b"(root@esx) One-time code: ", b"123456\n")], **GIVEN)
    assert shown.returncode == 0 and host.answers == [[PASSWORD], ["123456"]], shown


def test_a_person_who_would_rather_not_answer_ends_it(hostile, on_terminal):
    host = hostile(rounds=itertools.repeat(ASKS))
    shown = on_terminal(host, [(b"Password: ", b"one\n"), (b"|\r\n(root@esx) Password: ", b"\x04")])
    assert shown.returncode == 8 and host.answers == [["one"]], shown


# --- other programs --------------------------------------------------------------------------------------------------


def hanging(program, scratch, line):
    """Scans by an ssh_config with this line: what is told, and after how many seconds."""
    config = scratch / "hangs"
    config.write_text(f"Host esx\n  HostName 127.0.0.1\n  User root\n  {line}\n")
    begin = time.monotonic()
    found = program.run("scan", "ssh://esx", "--ssh-config", config, "--connect-timeout", "1", status=8)
    return found.stderr, time.monotonic() - begin


def test_a_proxy_command_that_ignores_its_end_is_not_waited_for(program, scratch):
    proxy = scratch / "proxy"
    proxy.write_text(f"trap '' TERM\necho $$ > {scratch}/id\nwhile :; do sleep 1; done\n")
    told, seconds = hanging(program, scratch, f"ProxyCommand /bin/sh {proxy}")
    assert "the host says nothing" in told and seconds < 30
    assert not (Path("/proc") / (scratch / "id").read_text().strip()).exists()


def test_an_ssh_config_that_hangs_is_not_waited_for(program, scratch):
    told, seconds = hanging(program, scratch, "Match exec \"sleep 100\"")
    assert "ssh -G esx: ssh does not end within 1 s" in told and seconds < 30


# --- what never ends -------------------------------------------------------------------------------------------------

NO_END = "root@esx: one question takes longer than 1 s (--question-timeout)"


@pytest.mark.parametrize("transport", ["shell", "sftp"])
def test_a_listing_that_never_ends_is_left(hostile, scan, transport):
    host = hostile(listing="dripping")
    scan(host, "--transport", transport, "--question-timeout", "1", status=8, says=NO_END)


def test_the_environment_has_a_twin_of_each_time_limit(hostile, scan):
    host = hostile(listing="dripping")
    scan(host, env={"CBTCTL_QUESTION_TIMEOUT": "1"}, status=8, says=NO_END)
    scan(host, "--question-timeout", "1", env={"CBTCTL_QUESTION_TIMEOUT": "500"}, status=8, says=NO_END)
    for name in ("CBTCTL_QUESTION_TIMEOUT", "CBTCTL_TIMEOUT", "CBTCTL_CONNECT_TIMEOUT"):
        scan(host, env={name: "soon"}, status=16, says=f"{name} takes seconds from 1 to")
    scan(host, "--question-timeout", "0", status=16, says="--question-timeout takes seconds from 1 to 86400")
