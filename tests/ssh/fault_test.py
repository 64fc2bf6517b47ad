"""Lines that break and servers that are none: cbtctl ends within its limits, says so in one line, and shows no part as
the whole."""
import json
import os
import random
import re
import signal
import time

import pytest

from line import Babbler, Line, Silent

HOST = {"profile": "8.0", "datastores": ["ds=fixtures/demo", "healthy=fixtures/healthy"]}
DS, HEALTHY, ONE = (f"ssh://esx/vmfs/volumes/{name}" for name in ("ds", "healthy", "healthy/one/one.vmdk"))
SECONDS = 2  # of silence, and to connect
MOST = 30    # seconds that any run here may take, on a machine that is busy
TRANSPORTS = ("shell", "sftp")


class Run:
    """A scan, and how long it takes."""

    def __init__(self, program, config, *arguments, seconds=SECONDS, **more):
        limits = ["--timeout", seconds, "--connect-timeout", seconds]
        begin = time.monotonic()
        found = program.run("scan", DS, "--json", "--ssh-config", config, *limits, *arguments, **more)
        self.seconds = time.monotonic() - begin
        self.status, self.errors = found.returncode, found.stderr
        self.report = json.loads(found.stdout) if found.stdout else None

    def __str__(self):
        return f"{self.status}, {self.seconds:.1f} s, {self.errors} {json.dumps(self.report)[:300]}"


def whole_run(program, config, *arguments, **more):
    return Run(program, config, *arguments, seconds=60, **more)


def is_told(run):
    """Exit 8 and one line that says why; what was read before is not shown as if it were all."""
    assert run.seconds < MOST, run
    assert run.status == 8 and run.report["exit_status"] == 8, run
    assert run.errors.startswith(("cbtctl: ssh://esx/", "cbtctl: root@esx: ")) and run.errors.count("\n") == 1, run
    assert run.report["targets"][0]["error"], run
    assert run.report["virtual_machines"] == [] and run.report["ctk_files"] == [], run


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


def until(holds):
    deadline = time.monotonic() + MOST
    while not holds():
        assert time.monotonic() < deadline, "what is waited for does not come"
        time.sleep(0.01)


def interrupted(process):
    """Its exit status, and the seconds that it takes to end."""
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    return process.returncode, time.monotonic() - begin


@pytest.mark.parametrize("after", [0, 4000])
def test_ctrl_c_ends_a_scan_of_a_silent_host_within_a_second(program, host, after):
    with Line(host.port, stall={"down": after}) as line:
        process = program.start("scan", HEALTHY, "--ssh-config", host.config_behind(line.port))
        until(lambda: line.connections and line.moved["down"] >= after)
        status, seconds = interrupted(process)
    assert status == 32 and seconds < 1


def test_ctrl_c_ends_an_export_from_a_silent_host_soon_and_it_can_be_resumed(program, host, scratch):
    folder = host.volume("healthy") / "one"
    descriptor = (folder / "one.vmdk").read_text()
    (folder / "one.vmdk").write_text(re.sub("^RW [0-9]+ ", f"RW {(64 << 20) // 512} ", descriptor, flags=re.M))
    with open(folder / "one-flat.vmdk", "r+b") as flat:
        flat.write(os.urandom(8 << 20))
        flat.truncate(64 << 20)
    image = scratch / "one.raw"
    with Line(host.port, stall={"down": 2 << 20}) as line:
        process = program.start("export", ONE, image, "--ssh-config", host.config_behind(line.port))
        until(lambda: line.moved["down"] >= 2 << 20)
        status, seconds = interrupted(process)
    assert status == 32 and seconds < 2
    program.run("export", ONE, image, "--resume", "--ssh-config", host.ssh_config, status=0, timeout=300)
    program.run("export", ONE, scratch / "whole.raw", "--ssh-config", host.ssh_config, status=0, timeout=300)
    assert image.read_bytes() == (scratch / "whole.raw").read_bytes()


# --- lines that break -------------------------------------------------------------------------------------------------


EARLY = (0, 1, 20, 45, 300, 700, 1100, 1500, 1800, 2300, 2900)  # the version, the key exchange, the login
LEAVE = 300  # bytes at the end of either direction, which take leave


def spots(chance, late):
    """Places within a direction's bytes: numbers of bytes, and then parts of all bytes."""
    return [*EARLY, *sorted(chance.random() for _ in range(late))]


def faults():
    """Every fault: its kind, the direction and the place."""
    chance = random.Random(7)
    for direction in ("up", "down"):
        yield from (("cut", direction, spot) for spot in spots(chance, 10))
        yield from (("flip", direction, spot) for spot in spots(chance, 5)[::2])
        yield from (("stall", direction, spot) for spot in spots(chance, 4)[::4])


FAULTS = list(faults())
EACH_FAULT = pytest.mark.parametrize("kind, direction, spot", FAULTS, ids=[
    f"{kind} {direction} at {spot if isinstance(spot, int) else f'{spot:.0%}'}" for kind, direction, spot in FAULTS])
EACH_TRANSPORT = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture(scope="module")
def whole(module_program, module_host):
    """What is told by each transport where nothing breaks."""
    return {transport: whole_run(module_program, module_host.ssh_config, "--transport", transport)
            for transport in TRANSPORTS}


@pytest.fixture(scope="module")
def slow(module_program, module_host):
    """The same over a slow line, and the bytes that went over it in each direction."""
    def scanned(transport):
        with Line(module_host.port, round_trip_s=0.04) as line:
            config = module_host.config_behind(line.port)
            return whole_run(module_program, config, "--transport", transport), dict(line.moved)
    return {transport: scanned(transport) for transport in TRANSPORTS}


@pytest.fixture(scope="module")
def broken(module_program, module_host, slow, side_by_side, chosen):
    """Each fault -> the scan that met it."""
    def through(transport, place, kind, direction):
        with Line(module_host.port, **{kind: {direction: place}}) as line:
            return Run(module_program, module_host.config_behind(line.port), "--transport", transport)

    def started(transport, kind, direction, spot):
        place = spot if isinstance(spot, int) else int(spot * (slow[transport][1][direction] - LEAVE))
        return side_by_side(through, transport, place, kind, direction)
    cases = chosen("test_a_line_that_breaks_is_told_and_no_part_is_shown_as_the_whole")
    return {tuple(sorted(case.items())): started(**case) for case in cases}


@EACH_TRANSPORT
def test_without_a_fault_all_is_well(whole, transport):
    assert whole[transport].status == 0 and len(whole[transport].report["virtual_machines"]) > 20, whole[transport]


@EACH_TRANSPORT
def test_a_slow_line_changes_nothing(whole, slow, transport):
    late, _ = slow[transport]
    assert late.status == 0 and late.report == whole[transport].report, late


@EACH_TRANSPORT
@EACH_FAULT
def test_a_line_that_breaks_is_told_and_no_part_is_shown_as_the_whole(broken, whole, transport, kind, direction, spot):
    case = {"transport": transport, "kind": kind, "direction": direction, "spot": spot}
    run = broken[tuple(sorted(case.items()))].result()
    if run.status == 0 and isinstance(spot, float) and spot > 0.9:  # fewer bytes than were measured: nothing broke
        assert run.report == whole[transport].report, run
    else:
        is_told(run)


@pytest.fixture(scope="module")
def idle(module_program, module_host, side_by_side):
    """What waits for a host for four seconds: its exit status, the seconds it took and those of the processor."""
    def waited(transport):
        with Line(module_host.port) as line:
            whole_run(module_program, module_host.config_behind(line.port), "--transport", transport)
        with Line(module_host.port, stall={"down": line.moved["down"] * 2 // 3}) as line:
            begin = time.monotonic()
            process = module_program.start(
                "scan", DS, "--ssh-config", module_host.config_behind(line.port), "--transport", transport,
                "--timeout", 4, "--connect-timeout", 4, stdout=None, stderr=None)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, time.monotonic() - begin, usage.ru_utime + usage.ru_stime
    return {transport: side_by_side(waited, transport) for transport in TRANSPORTS}


@EACH_TRANSPORT
def test_what_waits_for_a_host_leaves_the_processor_to_others(idle, transport):
    status, seconds, busy = idle[transport].result()
    assert status == 8 and seconds > 4 and busy < 2


# --- servers that are none --------------------------------------------------------------------------------------------

SERVERS = {"silent": Silent,
           "garbage": lambda: Babbler(os.urandom(4096), forever=False),
           "flood": lambda: Babbler(b"x" * 65536),
           "flood of lines": lambda: Babbler(b"not ssh\r\n" * 4096),
           "cut version": lambda: Babbler(b"SSH-2.0-OpenS", forever=False),
           "garbage after the version": lambda: Babbler(b"SSH-2.0-OpenSSH_9.2\r\n" + os.urandom(4096)),
           "old protocol": lambda: Babbler(b"SSH-1.5-OpenSSH_3.0\r\n", forever=False),
           "web": lambda: Babbler(b"HTTP/1.1 400 Bad Request\r\n\r\n", forever=False)}


@pytest.fixture(scope="module")
def strangers(module_program, module_host, side_by_side, chosen):
    """Each server that is none -> the scan that met it."""
    def met(name):
        with SERVERS[name]() as server:
            return Run(module_program, module_host.config_behind(server.port))
    return {case["name"]: side_by_side(met, case["name"]) for case in chosen("test_a_server_that_is_none_is_told")}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_is_none_is_told(strangers, name):
    is_told(strangers[name].result())


def test_a_closed_port_is_refused_at_once(program, host):
    closed = Silent()
    closed.close()
    refused = Run(program, host.config_behind(closed.port))
    is_told(refused)
    assert refused.seconds < SECONDS and "refused" in refused.errors, refused


# --- the others -------------------------------------------------------------------------------------------------------


def test_one_host_that_fails_never_stops_the_others(program, host, whole, scratch):
    config = scratch / "two_hosts"
    with Silent() as silent:
        dead = f"Host dead\n  HostName 127.0.0.1\n  Port {silent.port}\n  ConnectTimeout 1\n"
        config.write_text(dead + host.ssh_config.read_text())
        both = program.json("scan", "--ssh-config", config, "ssh://dead", DS, status=8)
    assert both["targets"][0]["error"] and not both["targets"][1]["error"]
    moved = [vm | {"target": 0, "seen_by": [0]} for vm in both["virtual_machines"]]
    assert moved and moved == whole["shell"].report["virtual_machines"]


def test_no_space_for_the_report_is_no_success(program, host):
    with open("/dev/full", "wb") as full:
        run = whole_run(program, host.ssh_config, stdout=full)
    assert run.status == 8 and "cannot be written" in run.errors, run
