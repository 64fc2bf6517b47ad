"""Other people's readers judge our decoding: qemu-img and vmdkinfo must agree on capacity, kind and parent."""
import functools
import json
import re
import subprocess

import pytest

QEMU = ["app01/app01.vmdk", "db01/db01.vmdk", "db01/db01-000001.vmdk", "db02/db02-000001.vmdk", "db02/db02-000002.vmdk",
        "hosted/hosted.vmdk", "hosted/hosted_1.vmdk", "hosted/hosted_2.vmdk", "web-ctk/x-flat.vmdk"]
LIBVMDK = ["app01/app01.vmdk", "db01/db01-000001.vmdk", "db01/db01.vmdk", "hosted/hosted.vmdk", "web-ctk/x-flat.vmdk"]
LIBVMDK_TYPES = {"VMFS flat": "vmfs", "VMFS sparse": "vmfsSparse", "Sparse (monolithic)": "monolithicSparse",
                 "Monolithic sparse": "monolithicSparse"}


def output_of(*command):
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert found.returncode == 0, found
    return found.stdout


@pytest.fixture(scope="module")
def ours(module_program, demo):
    """What we read in a descriptor."""
    return functools.cache(lambda path: module_program.json("show", demo / path)["files"][0]["descriptor"])


@pytest.fixture(scope="module")
def qemu_says(demo):
    return functools.cache(lambda path: json.loads(output_of("qemu-img", "info", "--output=json", demo / path)))


@pytest.fixture(scope="module")
def libvmdk_says(demo):
    """The value of a field of vmdkinfo."""
    text_of = functools.cache(lambda path: output_of("vmdkinfo", demo / path))
    return lambda path, pattern: (re.search(pattern, text_of(path)) or [None, None])[1]


@pytest.mark.parametrize("path", QEMU)
def test_qemu_img_reads_the_same_capacity(ours, qemu_says, path):
    assert ours(path)["capacity_bytes"] == qemu_says(path)["virtual-size"]


@pytest.mark.parametrize("path", QEMU)
def test_qemu_img_reads_the_same_kind(ours, qemu_says, path):
    assert ours(path)["create_type"] == qemu_says(path)["format-specific"]["data"]["create-type"]


@pytest.mark.parametrize("path", QEMU)
def test_qemu_img_reads_the_same_cid(ours, qemu_says, path):
    assert int(ours(path)["cid"], 16) == qemu_says(path)["format-specific"]["data"]["cid"]


@pytest.mark.parametrize("path", QEMU)
def test_qemu_img_reads_the_same_parent(ours, qemu_says, path):
    assert ours(path)["parent_hint"] == qemu_says(path).get("backing-filename", "")


@pytest.mark.parametrize("path", QEMU)
def test_qemu_img_maps_it(demo, path):
    """As far as there is data: it takes ten seconds for the zeros behind it."""
    extents = json.loads(output_of("qemu-img", "map", "--output=json", "--max-length=8M", demo / path))
    assert sum(extent["length"] for extent in extents) == 8 << 20


@pytest.mark.parametrize("path", LIBVMDK)
def test_libvmdk_reads_the_same_capacity(ours, libvmdk_says, path):
    assert ours(path)["capacity_bytes"] == int(libvmdk_says(path, r"Media size\s*:.*\((\d+) bytes\)"))


@pytest.mark.parametrize("path", LIBVMDK)
def test_libvmdk_reads_the_same_parent(ours, libvmdk_says, path):
    assert ours(path)["parent_hint"] == (libvmdk_says(path, r"Parent filename\s*:\s*(\S+)") or "")


@pytest.mark.parametrize("path", LIBVMDK)
def test_libvmdk_reads_the_same_kind(ours, libvmdk_says, path):
    kind = libvmdk_says(path, r"Disk type\s*:\s*(.+)").strip()
    assert ours(path)["create_type"] == LIBVMDK_TYPES.get(kind, kind)
