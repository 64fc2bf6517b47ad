#!/usr/bin/python3
"""Files of a host as arguments: every verb that takes a file says of ssh://... what it says of the same file on a mount.

usage: file_test.py CBTCTL SOURCE_DIR
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from standin import Standin

sys.path.append(f"{sys.argv[2]}/tests/support")
from expectations import expect, finish  # noqa: E402

CBTCTL, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
DEMO = SOURCE / "fixtures/demo"
NAME = "my ds [50%]"
HOST = "ssh://esx/vmfs/volumes/my%20ds%20%5B50%25%5D"


def run(place, *arguments, env=None):
    """`@` in an argument stands for the place, and what is printed has it again."""
    found = subprocess.run([CBTCTL, *(str(argument).replace("@", str(place)) for argument in arguments)], capture_output=True,
                           text=True, timeout=120, stdin=subprocess.DEVNULL, env=os.environ | (env or {}))
    return found.returncode, found.stdout.replace(str(place), "@"), found.stderr.replace(str(place), "@")


def expect_same(host, status, *arguments, shows=""):
    for form in ([], ["--json"]):
        mounted = run(DEMO, *arguments, *form)
        remote = run(HOST, *arguments, *form, "--ssh-config", host.ssh_config)
        expect(f"{arguments} {form} is the same on a host", remote == mounted, f"{remote}\n{mounted}")
        expect(f"{arguments} {form} ends with {status}", remote[0] == status and shows in "".join(remote[1:]), remote)


def test_files(host):
    for file in ("app01/app01.vmx", "app01/app01.vmdk", "app01/app01-ctk.vmdk", "db01/db01.vmsd", "db01/db01-000001-delta.vmdk"):
        expect_same(host, 0, "show", f"@/{file}")
    expect_same(host, 0, "ctk", "show", "@/app01/app01-ctk.vmdk", "@/db01/db01-ctk.vmdk", shows="epoch")
    expect_same(host, 0, "ctk", "blocks", "@/app01/app01-ctk.vmdk", "--since", "1", shows="268959744")
    expect_same(host, 0, "ctk", "map", "@/app01/app01-ctk.vmdk")
    expect_same(host, 0, "ctk", "diff", "@/app01/app01-ctk.vmdk", "@/app01/app01-ctk.vmdk")
    expect_same(host, 0, "chain", "@/hosted/hosted.vmx", shows="monolithicSparse")
    expect_same(host, 0, "extents", "@/hosted/hosted.vmx")
    expect_same(host, 8, "show", "@/app01/none.vmx", shows="is not there")
    verify = ("ctk", "verify", "--delta", "@/db01/db01-000001.vmdk", "@/db01/db01-ctk.vmdk", "--since")
    expect_same(host, run(DEMO, *verify, "2")[0], *verify, "2")
    expect_same(host, run(DEMO, *verify, "*")[0], *verify, "*")


def test_flat(host):
    told = [json.loads(run(place, "show", "@/app01/app01-flat.vmdk", "--json", *options)[1])["files"][0]
            for place, options in ((DEMO, []), (HOST, ["--ssh-config", host.ssh_config]))]
    kept = [flat.pop("allocated_bytes") for flat in told]
    expect("what is kept of a flat file is known on a mount alone", isinstance(kept[0], int) and kept[1] is None, kept)
    expect("all else of it is the same", told[0] == told[1], told)


def test_images(host, folder):
    for disk in ("hosted/hosted.vmdk", "hosted/hosted_1.vmdk", "hosted/hosted_2.vmdk"):
        images = [Path(folder) / f"{place}.raw" for place in ("mount", "host")]
        told = [run(place, "export", f"@/{disk}", image, "--sha256", *options)
                for place, image, options in ((DEMO, images[0], []), (HOST, images[1], ["--ssh-config", host.ssh_config]))]
        expect(f"{disk} is exported from a host", told[1][0] == 0, told)
        expect(f"{disk}: the same image", images[0].read_bytes() == images[1].read_bytes())
        for image in images:
            image.unlink()
    refused = run(HOST, "export", "@/lost/none.vmdk", Path(folder) / "none.raw", "--ssh-config", host.ssh_config)
    expect("what is not there is not exported", refused[0] == 8 and not list(Path(folder).iterdir()), refused)


def test_elsewhere(host):
    """A chain that leads to another folder of the host, by the volume's name or UUID."""
    status, text, _ = run(HOST, "chain", "@/clone/clone.vmx", "--json", "--ssh-config", host.ssh_config)
    expect("a parent in another folder is found on the host", status == 0 and
           "ssh://esx/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7/golden/golden.vmdk" in text, text)


def test_failures(host):
    closed = host.config_behind(1)
    status, _, told = run(HOST, "show", "@/app01/app01.vmx", "@/db01/db01.vmx", "--ssh-config", closed)
    expect("a host that refuses is told for each file", status == 8 and told.count("the connection is refused") == 2, told)
    expect("a password in the name is no name", run(HOST, "show", "ssh://root:secret@esx/x")[0] == 16)
    busy = run(HOST, "show", "@/app01", "--ssh-config", host.ssh_config)
    expect("a folder is no file", busy[0] == 8 and "folder" in busy[2], busy)


with Standin(SOURCE, "8.0", [f"{NAME}::661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7={DEMO}"]) as standin, tempfile.TemporaryDirectory() as scratch:
    test_files(standin)
    test_flat(standin)
    test_images(standin, scratch)
    test_elsewhere(standin)
    test_failures(standin)
finish(at_least=60)
