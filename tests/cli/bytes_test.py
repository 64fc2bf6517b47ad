"""Which bytes are the disk: a sparse file is itself, a descriptor is read whole, and what is not exact is not exported."""
import os
import re

import pytest

import vmware_files
from folders import FIXTURES, copy_folder

MIB = 1 << 20


def monolithic(path, grains, inside="a.vmdk", capacity=8192, says=8192):
    """A monolithicSparse file of `capacity` sectors, whose descriptor names `inside` and `says` sectors."""
    text = (f'# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="monolithicSparse"\n'
            f'RW {says} SPARSE "{inside}"\n')
    vmware_files.write_sparse(path, *vmware_files.monolithic(capacity, grains, text.encode()))


def exported(run, scratch, path, *words):
    run("export", path, "out.raw", *words, status=0)
    content = (scratch / "out.raw").read_bytes()
    os.unlink(scratch / "out.raw")
    return content


def pieces(scratch, count, sectors=100):
    lines = []
    for number in range(count):
        name = f"big-f{number:04}.vmdk"
        (scratch / name).write_bytes(bytes([number % 251]) * sectors * 512)
        lines.append(f'RW {sectors} FLAT "{name}" 0\n')
    head = '# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="twoGbMaxExtentFlat"\n'
    (scratch / "big.vmdk").write_text(head + "".join(lines))


def test_a_copied_sparse_file_is_itself_whatever_name_it_writes(run, scratch):
    monolithic(scratch / "a.vmdk", [0])
    monolithic(scratch / "b.vmdk", [1])
    assert exported(run, scratch, "a.vmdk") != exported(run, scratch, "b.vmdk")
    assert exported(run, scratch, "b.vmdk")[:65536].strip(b"\0") == b""
    os.unlink(scratch / "a.vmdk")
    assert exported(run, scratch, "b.vmdk")[65536:131072].strip(b"\0")


def test_a_renamed_sparse_file_lacks_no_extent(read, run, scratch):
    (scratch / "ds").mkdir()
    monolithic(scratch / "ds/b.vmdk", [1])
    assert "extent-missing" not in {finding["code"] for finding in read("check", "--deep", "ds")["findings"]}
    assert read("chain", "ds/b.vmdk")["disks"][0]["links"][0]["allocated_bytes"] == 65536


def test_a_renamed_one_that_is_cut_is_told_as_cut(read, run, scratch):
    (scratch / "ds").mkdir()
    monolithic(scratch / "ds/b.vmdk", [0, 1, 2])
    os.truncate(scratch / "ds/b.vmdk", os.path.getsize(scratch / "ds/b.vmdk") - 65536)
    codes = {finding["code"] for finding in read("check", "--deep", "ds")["findings"]}
    assert "extent-invalid" in codes and "extent-missing" not in codes
    run("export", "ds/b.vmdk", "none.raw", status=8, says="past the end of the file")


def test_verify_holds_two_copies_of_one_name_apart(run, scratch):
    """Both write the name a.vmdk; read from there they would be equal."""
    monolithic(scratch / "a.vmdk", [0])
    monolithic(scratch / "b.vmdk", [1])
    (scratch / "t-ctk.vmdk").write_bytes(vmware_files.ctk_file(8192, entry=1))
    run("ctk", "verify", "--images", "a.vmdk", "b.vmdk", "t-ctk.vmdk", "--since", 3, status=4, shows="PROOF")


def test_a_descriptor_over_64_kib_is_read_whole_by_every_verb(run, read, scratch):
    pieces(scratch, 2300)
    whole = b"".join((scratch / f"big-f{number:04}.vmdk").read_bytes() for number in range(2300))
    assert len(whole) == 117_760_000 and exported(run, scratch, "big.vmdk") == whole
    assert read("extents", "big.vmdk")["disks"][0]["capacity_bytes"] == len(whole)
    assert read("show", "big.vmdk")["files"][0]["descriptor"]["capacity_bytes"] == len(whole)
    assert read("chain", "big.vmdk")["disks"][0]["links"][0]["capacity_bytes"] == len(whole)


def test_a_descriptor_over_4_mib_is_an_error_of_every_verb(run, scratch):
    pieces(scratch, 1)
    with open(scratch / "big.vmdk", "a") as file:
        file.write("#" * (4 * MIB))
    for line in ("show big.vmdk", "chain big.vmdk", "extents big.vmdk", "export big.vmdk none.raw"):
        done = run(*line.split())
        assert "is longer than 4194304 bytes" in done.stdout + done.stderr, line
    assert not (scratch / "none.raw").exists()


def test_what_is_behind_the_first_nul_of_a_descriptor_is_not_of_it(run, scratch):
    pieces(scratch, 2)
    with open(scratch / "big.vmdk", "ab") as file:
        file.write(b"\0\nRW 100 FLAT \"none.vmdk\" 0\n")
    assert len(exported(run, scratch, "big.vmdk")) == 2 * 51200


def words_of_check(read, folder):
    """What the first evidence of extent-invalid expects and found."""
    found = [each for each in read("check", "--deep", folder)["findings"] if each["code"] == "extent-invalid"]
    return found[0]["evidence"][0]


@pytest.mark.parametrize("damage", ["capacity", "table entries"])
def test_what_a_deep_check_calls_an_error_is_not_exported_and_told_in_the_same_words(run, read, scratch, damage):
    (scratch / "ds").mkdir()
    monolithic(scratch / "ds/a.vmdk", [0, 1], says=4096 if damage == "capacity" else 8192)
    if damage != "capacity":
        with open(scratch / "ds/a.vmdk", "r+b") as file:
            file.seek(44)
            file.write((256).to_bytes(4, "little"))
    told = words_of_check(read, "ds")
    says = f"{told['label']}: expected {told['expected']}, found {told['found']}"
    run("export", "ds/a.vmdk", "none.raw", status=8, says=says)
    run("extents", "ds/a.vmdk", status=8, says=says)
    assert read("extents", "ds/a.vmdk", status=8)["disks"][0]["extents"] == []


@pytest.fixture
def mixed(scratch):
    """A delta of 32 MiB over a base of 16 MiB."""
    copy_folder(FIXTURES / "findings" / "chain-capacity-mismatch", scratch / "mixed")
    return "mixed/a-000001.vmdk"


def test_links_of_different_capacity_are_not_read_unless_that_is_wanted(run, read, scratch, mixed):
    run("export", mixed, "none.raw", status=8, says="--allow-mismatch")
    run("extents", mixed, status=8, says="--allow-mismatch")
    assert len(exported(run, scratch, mixed, "--allow-mismatch")) == 32 * MIB
    assert read("extents", mixed, "--allow-mismatch", status=0)["disks"][0]["capacity_bytes"] == 32 * MIB


def test_a_hint_of_another_system_lies_outside(run, scratch):
    assert "D:\\VMs" in (FIXTURES / "findings/chain-parent-missing.not/a.vmdk").read_text()
    copy_folder(FIXTURES / "findings" / "chain-parent-missing.not", scratch / "hint")
    run("chain", "hint/a.vmdk", says="lies outside")


def test_blocks_of_zeros_take_no_room_in_the_image(run, scratch):
    pieces(scratch, 1, sectors=8192)
    (scratch / "big-f0000.vmdk").write_bytes(b"x" * 65536 + bytes(4 * MIB - 2 * 65536) + b"y" * 65536)
    found = run("export", "big.vmdk", "out.raw", "--sha256", status=0).stdout
    assert os.stat(scratch / "out.raw").st_blocks * 512 <= 256 << 10
    assert (scratch / "out.raw").read_bytes() == (scratch / "big-f0000.vmdk").read_bytes()
    assert re.search(r"[0-9a-f]{64}", found)


def test_show_tells_no_encoding_that_no_line_states_and_every_ddb_entry(read, scratch):
    pieces(scratch, 1)
    with open(scratch / "big.vmdk", "a") as file:
        file.write('isNativeSnapshot="no"\nddb.adapterType = "lsilogic"\nddb.toolsVersion = "2147483647"\n')
    shown = read("show", "big.vmdk")["files"][0]["descriptor"]
    assert shown["encoding"] is None and shown["is_native_snapshot"] is False
    assert [entry["key"] for entry in shown["ddb"]] == ["ddb.adapterType", "ddb.toolsVersion"]
