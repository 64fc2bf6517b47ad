#!/usr/bin/python3
"""Looking inside disks on a stand-in of a host: what the files say there is what they say from a folder, byte by byte.

usage: inside_test.py CBTCTL SOURCE_DIR
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
SIGN_OF_LIFE_S = 15  # what an answer that was overlooked waits for


def run(wanted, *arguments):
    begin = time.monotonic()
    found = subprocess.run([CBTCTL, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    expect(f"{arguments} overlooks no answer", time.monotonic() - begin < SIGN_OF_LIFE_S, time.monotonic() - begin)
    expect(f"{arguments} ends with {wanted}", found.returncode == wanted, f"{found.returncode}, {found.stderr}")
    return found.stdout


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


def alike(host, demo, wanted, *words):
    """Words that begin with `@` are files of the datastore. What is said of both places, but for their names."""
    there, here = host.target("/vmfs/volumes/demo"), str(demo)

    def told(place, *more):
        text = run(wanted, *[place + "/" + word[1:] if word.startswith("@") else word for word in words], "--json", *more)
        return without_places(json.loads(text.replace(place, "")))

    remote, local = told(there, "--ssh-config", host.ssh_config), told(here)
    expect(f"{words}: the same on a host", remote == local, f"{remote}\n{local}")


def test_verbs(host, demo):
    delta, ctk, frozen = "@db01/db01-000001.vmdk", "@db01/db01-000001-ctk.vmdk", "@db01/db01-ctk.vmdk"
    for disk in ("@db01/db01.vmx", "@db01", "@db02/db02-000002.vmdk", "@hosted/hosted.vmx"):
        alike(host, demo, 0, "chain", disk)
    for disk in ("@hosted/hosted.vmdk", "@hosted/hosted_2.vmdk"):
        alike(host, demo, 0, "extents", disk)
    alike(host, demo, 8, "chain", "@db01/nothing.vmdk")
    alike(host, demo, 0, "ctk", "map", ctk, "--since", "3")
    alike(host, demo, 4, "ctk", "diff", frozen, ctk)
    alike(host, demo, 0, "ctk", "verify", "--delta", delta, ctk)


def test_export(host, demo, folder):
    there, here = folder / "there.raw", folder / "here.raw"
    run(0, "export", host.target("/vmfs/volumes/demo/hosted/hosted_2.vmdk"), there, "--ssh-config", host.ssh_config)
    run(0, "export", demo / "hosted/hosted_2.vmdk", here)
    same = subprocess.run(["cmp", there, here], capture_output=True, text=True)
    expect("a host's disk is exported as it is", same.returncode == 0, same.stdout)


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    subprocess.run([SOURCE / "tools/make_fixtures", "--into", folder, "demo"], check=True)
    with Standin(SOURCE, "8.0", [f"demo={folder / 'demo'}"]) as host:
        test_verbs(host, folder / "demo")
        test_export(host, folder / "demo", folder)

finish(at_least=32)
