"""Looking inside disks on a stand-in of a host: the files say there what they say from a folder, byte by byte."""
import json
import subprocess
import time

import pytest

SIGN_OF_LIFE_S = 15  # what an answer that was overlooked waits for
DELTA, CTK, FROZEN = "@db01/db01-000001.vmdk", "@db01/db01-000001-ctk.vmdk", "@db01/db01-ctk.vmdk"
ALIKE = [(0, "chain @db01/db01.vmx"), (16, "chain @db01"), (0, "chain @db02/db02-000002.vmdk"),
         (0, "chain @hosted/hosted.vmx"), (0, "extents @hosted/hosted.vmdk"), (0, "extents @hosted/hosted_2.vmdk"),
         (8, "chain @db01/nothing.vmdk"), (0, f"ctk map {CTK} --since 3"), (4, f"ctk diff {FROZEN} {CTK}"),
         (0, f"ctk verify --delta {DELTA} {CTK}"), (8, "ctk blocks @half/half_1-ctk.vmdk --since 1"),
         (0, "ctk blocks @half/half_1-ctk.vmdk --since 1 --even-if-running")]
HOST = {"profile": "8.0", "datastores": ["demo=fixtures/demo"]}


@pytest.fixture
def run(program):
    def timed(status, *arguments):
        begin = time.monotonic()
        found = program.run(*arguments, status=status, timeout=300)
        assert time.monotonic() - begin < SIGN_OF_LIFE_S, "an answer was overlooked"
        return found.stdout
    return timed


def without_places(report):
    """What only a folder here can tell is left out: times, and where a flat file has holes."""
    for side in ("old", "new"):
        if side in report:
            report[side].pop("modified")
    report.pop("bytes_per_day", None)
    for disk in report.get("disks", []):
        for link in disk["links"] if report["schema"] == "cbtctl.chain/1" else []:
            if link["create_type"] == "vmfs":
                link["allocated_bytes"] += link.pop("zero_bytes")
    return report


@pytest.mark.parametrize("status, command", ALIKE, ids=[command for _, command in ALIKE])
def test_a_disk_on_a_host_is_what_it_is_in_a_folder(run, host, demo, status, command):
    """Words that begin with `@` are files of the datastore."""
    def told(place, *options):
        words = [f"{place}/{word[1:]}" if word.startswith("@") else word for word in command.split()]
        return without_places(json.loads(run(status, *words, "--json", *options).replace(str(place), "")))

    assert told(host.target("/vmfs/volumes/demo"), "--ssh-config", host.ssh_config) == told(demo)


def test_a_host_s_disk_is_exported_as_it_is(run, host, demo, scratch):
    remote = host.target("/vmfs/volumes/demo/hosted/hosted_2.vmdk")
    run(0, "export", remote, scratch / "there.raw", "--ssh-config", host.ssh_config)
    run(0, "export", demo / "hosted/hosted_2.vmdk", scratch / "here.raw")
    compared = subprocess.run(["cmp", scratch / "there.raw", scratch / "here.raw"], capture_output=True, text=True)
    assert compared.returncode == 0, compared
