"""Inside disks, end to end: trees, maps, damage that harms nothing beside it, exports, and proof that a CTK file is
wrong."""
import hashlib
import os
import struct
import xml.etree.ElementTree

import pytest

import vmware_files
from folders import FIXTURES, copy_folder
from program import fault

MIB = 1 << 20
DELTA, BASE = "db01/db01-000001.vmdk", "db01/db01.vmdk"
CTK, FROZEN = "db01/db01-000001-ctk.vmdk", "db01/db01-ctk.vmdk"
ANOTHER_ID = "00 " * 7 + "00-" + "00 " * 7 + "00/3"
DATA_BYTES = 72 * 512  # what the delta of db01 holds


@pytest.fixture
def take(scratch):
    """A copy of one folder of the demo, where the program runs: take("db01")."""
    return lambda name: copy_folder(FIXTURES / "demo" / name, scratch / name)


@pytest.fixture
def db01(take):
    """A disk of 1 GiB with a delta (COWD) of two pieces, both tracked."""
    return take("db01")


@pytest.fixture
def db02(take):
    """A disk of 2 GiB with two deltas (seSparse)."""
    return take("db02")


@pytest.fixture
def links(read):
    """The links of a chain, the top one first."""
    return lambda path, **more: read("chain", path, status=0, **more)["disks"][0]["links"]


@pytest.fixture
def mapped(read):
    """The map of a disk."""
    return lambda path, *words, status=0: read("extents", path, *words, status=status)["disks"][0]


def patch(path, offset, content):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


def replace(path, old, new):
    text = path.read_bytes()
    assert old.encode() in text, f"{path} does not hold {old}"
    path.write_bytes(text.replace(old.encode(), new.encode()))


def content(path, offset, length):
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(length)


def number(path, offset, shape="<I"):
    return struct.unpack(shape, content(path, offset, struct.calcsize(shape)))[0]


def set_entry(path, block, epoch):
    patch(path, vmware_files.SECTOR + 4 * block, vmware_files.ctk_entries(epoch))


def spans(extents):
    return [(extent["offset_bytes"], extent["length_bytes"]) for extent in extents]


# --- chain -----------------------------------------------------------------------------------------------------------


def test_a_link_has_its_allocated_bytes(db01, links):
    assert [link["allocated_bytes"] for link in links("db01/db01.vmx")] == [DATA_BYTES, 8 * 65536 + 4096]


def test_a_link_has_its_ctk_state(db01, links):
    top, base = links("db01/db01.vmx")
    assert (top["ctk"]["epoch"], base["ctk"]["epoch"], top["ctk"]["valid"]) == (4, 3, True)


def test_a_frozen_link_has_its_snapshot(db01, links):
    top, base = links("db01/db01.vmx")
    assert base["snapshot"] == {"name": "before the upgrade", "created": "2022-12-01T10:37:39Z"}
    assert top["snapshot"] is None


def test_the_cids_of_a_whole_chain_match(db01, links):
    top, base = links("db01/db01.vmx")
    assert top["matches_parent"] and top["parent_cid"] == base["cid"] == "1b77e0d4"


def test_a_chain_is_a_tree(db01, run):
    run("chain", "db01/db01.vmx", status=0, shows="└ db01.vmdk")


def test_cids_that_do_not_match_are_told(db01, run, links):
    replace(db01 / "db01-000001.vmdk", "parentCID=1b77e0d4", "parentCID=deadbeef")
    run("chain", DELTA, status=0, shows="deadbeef is not 1b77e0d4")
    assert links(DELTA)[0]["matches_parent"] is False


def test_a_ctk_file_that_does_not_fit_is_told(db01, run):
    os.truncate(db01 / "db01-000001-ctk.vmdk", 3000)
    run("chain", DELTA, status=0, shows="db01-000001-ctk.vmdk does not fit")


def test_a_ctk_file_that_is_missing_is_told(db01, run):
    (db01 / "db01-000001-ctk.vmdk").unlink()
    run("chain", DELTA, status=0, shows="db01-000001-ctk.vmdk is missing")


def test_without_its_parent_a_delta_still_shows_what_it_holds(db01, run, mapped):
    (db01 / "db01.vmdk").unlink()
    run("chain", DELTA, status=0, shows="names db01.vmdk, which is not there")
    disk = mapped(DELTA, status=8)
    assert (disk["data_bytes"], disk["unreadable_bytes"]) == (DATA_BYTES, (1 << 30) - DATA_BYTES)


def test_a_disk_that_is_missing_has_no_chain(db01, run):
    run("chain", "db01/nothing.vmdk", status=8, says="is not there")


@pytest.fixture
def loop(db01):
    """The base of db01 names its delta as its parent."""
    replace(db01 / "db01.vmdk", "parentCID=ffffffff", 'parentCID=9f2c11aa\nparentFileNameHint="db01-000001.vmdk"')
    return db01


def test_a_chain_that_comes_back_to_itself_is_told(loop, run):
    run("chain", DELTA, status=0, shows="comes back to itself")


@pytest.mark.parametrize("hint", ["./db01-000001.vmdk", "../db01/db01-000001.vmdk"])
def test_a_loop_is_met_under_any_name(db01, links, hint):
    replace(db01 / "db01-000001.vmdk", 'parentFileNameHint="db01.vmdk"', f'parentFileNameHint="{hint}"')
    assert len(links(DELTA)) == 1


@pytest.fixture
def unnamed_parent(db01):
    """The delta of db01 has a parent and does not say which."""
    replace(db01 / "db01-000001.vmdk", 'parentFileNameHint="db01.vmdk"', "")
    return db01


def test_a_parent_that_is_not_named_is_told(unnamed_parent, run):
    says = "parentCID is 1b77e0d4, and no parentFileNameHint says which file that is"
    run("chain", DELTA, status=0, shows=says)


def test_what_is_left_to_a_parent_that_is_not_named_is_not_zeros(unnamed_parent, mapped):
    disk = mapped(DELTA, status=8)
    assert (disk["data_bytes"], disk["zero_bytes"]) == (DATA_BYTES, 0)


def test_a_delta_whose_parent_is_not_named_is_not_exported(unnamed_parent, run):
    run("export", DELTA, "none.raw", status=8, says="no parentFileNameHint")


def test_a_ctk_file_is_told_as_scan_tells_it(db01, links):
    ctk = links("db01/db01.vmx")[0]["ctk"]
    assert (ctk["layout"], ctk["block_size_bytes"], ctk["blocks"]) == ("confirmed", 65536, 16384)


@pytest.fixture
def clone(take):
    """A clone whose parent lies in another folder."""
    take("golden")
    return take("clone")


def test_the_parent_of_a_clone_is_found_by_its_tail(clone, links):
    assert links("clone/clone.vmx")[1]["descriptor"].endswith("golden/golden.vmdk")


def test_a_clone_has_its_own_snapshots(clone, links):
    (clone / "clone.vmsd").write_text('snapshot.numSnapshots = "1"\nsnapshot0.displayName = "mine"\n'
                                      'snapshot0.numDisks = "1"\nsnapshot0.disk0.fileName = "clone-000001.vmdk"\n')
    assert links("clone/clone-000001.vmdk")[0]["snapshot"] == {"name": "mine", "created": None}


@pytest.fixture
def far_clone(clone):
    """Its parent is said to lie on another volume."""
    old = "/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7/golden"
    replace(clone / "clone-000001.vmdk", old, "/elsewhere/images")
    return clone


def test_a_parent_on_another_volume_is_not_there(far_clone, run):
    run("chain", "clone/clone-000001.vmdk", status=0, shows="is not there")


def test_map_tells_where_the_other_volume_is(far_clone, run, scratch):
    mapping = f"/elsewhere/images={scratch}/golden"
    run("chain", "clone/clone-000001.vmdk", "--map", mapping, status=0, shows="└ golden.vmdk")


def test_a_parent_that_leads_out_of_the_target_is_not_followed(far_clone, run):
    replace(far_clone / "clone-000001.vmdk", "/elsewhere/images/golden.vmdk", "../" * 10 + "etc/passwd")
    run("chain", "clone/clone-000001.vmdk", status=0, shows="lies outside")


# --- extents ---------------------------------------------------------------------------------------------------------


def rows_of(found):
    """CSV: offset, length, state and link of each row."""
    return [row.split(",")[1:5] for row in found.stdout.splitlines()[1:]]


def test_a_map_is_the_same_as_csv_and_as_json(db01, run, mapped):
    rows = rows_of(run("extents", DELTA, "--csv", status=0))
    columns = ("offset_bytes", "length_bytes", "state", "link")
    assert rows and rows == [[str(extent[column]) for column in columns] for extent in mapped(DELTA)["extents"]]


def test_a_map_is_the_same_as_a_table_and_as_csv_and_its_totals_end_it(db01, run):
    *table, totals = run("extents", DELTA, status=0).stdout.splitlines()[2:]
    assert [line.split()[:4] for line in table] == rows_of(run("extents", DELTA, "--csv"))
    assert "data 546816 (534 KiB)" in totals


def test_a_machine_has_a_map_for_each_disk(take, read):
    take("app01")
    disks = read("extents", "app01/app01.vmx", status=0)["disks"]
    assert [disk["slot"] for disk in disks] == ["scsi0:0", "scsi0:1"]


def test_disk_chooses_the_map_of_one(take, read):
    take("app01")
    disks = read("extents", "app01/app01.vmx", "--disk", "scsi0:1", status=0)["disks"]
    assert [disk["slot"] for disk in disks] == ["scsi0:1"]


# --- damage: each told with its place; what is beside it stays readable; nothing wrong is exported -------------------


@pytest.fixture
def refused(run, scratch):
    """No export is made, and nothing of it is left."""
    def refuse(path, says):
        run("export", path, "out.raw", status=8, says=says)
        assert not list(scratch.glob("out.raw*"))
    return refuse


def places(link):
    return [(defect["field"], defect["offset_bytes"]) for defect in link["defects"]]


def unreadable(disk):
    return spans(extent for extent in disk["extents"] if extent["state"] == "unreadable")


@pytest.fixture
def lost_table(db01):
    """COWD, whose directory is at sector 4: the third table, of grains 8192 to 12287, is said to lie past the end."""
    patch(db01 / "db01-000001-delta.vmdk", 4 * 512 + 2 * 4, struct.pack("<I", 0x7FFFFFFF))
    return db01


def test_a_table_past_the_end_is_a_defect_with_its_offset(lost_table, links):
    assert places(links(DELTA)[0]) == [("grain_directory_entry", 2056)]


def test_the_2_mib_of_a_lost_table_are_unreadable_and_nothing_else(lost_table, mapped):
    assert unreadable(mapped(DELTA, status=8)) == [(4 * MIB, 2 * MIB)]


def test_what_is_before_a_lost_table_is_as_it_was(lost_table, mapped, program, demo):
    whole = program.json("extents", demo / DELTA)["disks"][0]["extents"]
    assert mapped(DELTA, status=8)["extents"][:4] == whole[:4] and sum(spans(whole[:4])[-1]) <= 4 * MIB


def test_a_disk_with_a_lost_table_is_not_exported(lost_table, refused):
    refused(DELTA, "points past the end of the file")


def test_a_grain_that_two_entries_share_is_a_defect_with_its_offset(db01, links):
    delta = db01 / "db01-000001-delta.vmdk"
    table = number(delta, 4 * 512) * 512
    patch(delta, table + 101 * 4, content(delta, table + 100 * 4, 4))
    assert places(links(DELTA)[0]) == [("grain_table_entry", table + 101 * 4)]


def test_a_short_file_loses_the_grains_that_are_cut_off(db01, links):
    delta = db01 / "db01-000001-delta.vmdk"
    os.truncate(delta, delta.stat().st_size - 3 * 512)
    link = links(DELTA)[0]
    assert link["unreadable_bytes"] == 3 * 512 and len(link["defects"]) == 3


def test_a_short_flat_file_is_unreadable_behind_its_end(db01, run, mapped):
    os.truncate(db01 / "db01-flat.vmdk", 512 * MIB)
    disk = mapped(BASE, status=8)
    assert disk["unreadable_bytes"] == 512 * MIB and disk["extents"][-1]["state"] == "unreadable"
    run("chain", BASE, status=0, shows="the file ends at byte 536870912")


SESPARSE = "db02/db02-000002.vmdk"


@pytest.fixture
def sesparse(db02):
    return db02 / "db02-000002-sesparse.vmdk"


def test_a_sesparse_file_whose_journal_must_be_replayed_is_not_read(sesparse, run, refused):
    patch(sesparse, 512 + 24, struct.pack("<Q", 1))
    run("chain", SESPARSE, status=8, shows="its journal must be replayed")
    refused(SESPARSE, "its journal must be replayed")


def test_nor_one_whose_volatile_header_is_not_one(sesparse, refused):
    patch(sesparse, 512, struct.pack("<Q", 0xCAFEBABE))
    refused(SESPARSE, "it cannot be told whether its journal must be replayed")


def test_nor_one_of_an_unknown_version(sesparse, refused):
    patch(sesparse, 8, struct.pack("<Q", 0x200000002))
    refused(SESPARSE, "seSparse of version 2.2 is not known")


def test_a_directory_entry_of_no_known_kind_is_a_defect_with_its_offset(sesparse, run, refused):
    directory = number(sesparse, 128, "<Q") * 512
    patch(sesparse, directory, struct.pack("<Q", 0x2000000000000000))
    run("chain", SESPARSE, status=0, shows=f"grain_directory_entry at byte {directory}")
    refused(SESPARSE, "is of no known kind")


def test_a_table_entry_of_no_known_kind_is_one_grain(sesparse, mapped):
    tables = number(sesparse, 144, "<Q") * 512
    patch(sesparse, tables + 9 * 8, struct.pack("<Q", 0x7000000000000000))
    assert unreadable(mapped(SESPARSE, status=8)) == [(9 * 4096, 4096)]


STREAM, GRAIN = "hosted/hosted_2.vmdk", 128 * 512


@pytest.fixture
def stream(take):
    """A disk as a stream of packed grains."""
    return take("hosted") / "hosted_2.vmdk"


def test_a_whole_stream_is_exported(stream, run):
    run("export", STREAM, "good.raw", status=0)


def test_a_grain_that_does_not_unpack_is_not_exported(stream, run, refused):
    patch(stream, GRAIN + 20, b"\xff" * 16)
    run("chain", STREAM, status=0)
    refused(STREAM, "does not unpack")


def test_the_marker_of_another_grain_is_a_defect_with_its_offset(stream, run, refused):
    patch(stream, GRAIN, struct.pack("<Q", 256))
    run("chain", STREAM, status=0, shows=f"grain_marker at byte {GRAIN}")
    refused(STREAM, "says that it is sector 256, expected 0")


def test_a_footer_that_is_cut_off_is_told(stream, run, refused):
    os.truncate(stream, stream.stat().st_size - 1024)
    run("chain", STREAM, status=0, shows="has no footer")
    refused(STREAM, "has no footer")


def test_a_transfer_in_text_mode_is_told(take, refused):
    patch(take("hosted") / "hosted.vmdk", 73, b"\n \n\n")
    refused("hosted/hosted.vmdk", "transfer in text mode")


def test_cowd_of_an_unknown_version_is_not_read(db01, refused):
    patch(db01 / "db01-000001-delta.vmdk", 4, struct.pack("<I", 2))
    refused(DELTA, "COWD of version 2 is not known")


@pytest.mark.parametrize("old, new, status, says", [
    ("CID=1b77e0d4", 'CID=1b77e0d4\nencryptionKeys="vmware:key/list/(pair/(fqid/x))"', 0, "is encrypted"),
    ("version=1", "version=2", 0, "is encrypted"),
    ('isNativeSnapshot="no"', 'isNativeSnapshot="yes"', 8, "is a native snapshot")])
def test_what_is_encrypted_or_kept_by_the_array_is_not_read(take, run, refused, old, new, status, says):
    replace(take("golden") / "golden.vmdk", old, new)
    run("chain", "golden/golden.vmdk", status=status, shows=says)
    refused("golden/golden.vmdk", says)


def test_an_extent_on_vsan_cannot_be_read(take, run, refused):
    take("misfit")
    run("chain", "misfit/misfit-vsan.vmdk", status=8, shows="an extent of type VSANSPARSE cannot be read")
    refused("misfit/misfit-vsan.vmdk", "an extent of type VSANSPARSE cannot be read")


# --- export ----------------------------------------------------------------------------------------------------------


SMALL = 32 * MIB  # a disk like db01, so that whole images are soon hashed


@pytest.fixture
def small(scratch):
    """A small disk with a delta: its path where the program runs."""
    sectors = SMALL // vmware_files.SECTOR
    for name, kind, extent, write, grains, parent in (
            ("small", "vmfs", "VMFS", vmware_files.flat, range(1, 9), None),
            ("small-000001", "vmfsSparse", "VMFSSPARSE", vmware_files.cowd, [*range(100, 164), *range(8192, 8200)],
             "small.vmdk")):
        file = f"{name}-{'delta' if parent else 'flat'}.vmdk"
        vmware_files.write_sparse(scratch / file, *write(sectors, grains))
        cid = "9f2c11aa" if parent else "1b77e0d4"
        text = vmware_files.descriptor(kind, [f'RW {sectors} {extent} "{file}"'], parent=parent, cid=cid)
        (scratch / f"{name}.vmdk").write_text(text)
    return "small-000001.vmdk"


def joined(extents):
    """Ranges of data, whichever link holds them."""
    ranges = []
    for offset, length in spans(extent for extent in extents if extent["state"] == "data"):
        if ranges and sum(ranges[-1]) == offset:
            ranges[-1][1] += length
        else:
            ranges.append([offset, length])
    return ranges


def data_digest(image, ranges):
    """What data_sha256 is: each range of data with its place."""
    digest = hashlib.sha256()
    for offset, length in ranges:
        digest.update(f"{offset} {length}\n".encode() + content(image, offset, length))
    return digest.hexdigest()


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_digest_of_the_data_is_that_of_its_ranges_in_the_image(db01, read, mapped, scratch):
    report, image = read("export", DELTA, "out.raw", status=0), scratch / "out.raw"
    assert report["data_sha256"] == data_digest(image, joined(mapped(DELTA)["extents"]))
    assert image.stat().st_size == 1 << 30


def test_the_digest_of_the_image_is_that_of_the_whole_file(read, scratch, small):
    report, image = read("export", small, "out.raw", "--sha256", status=0), scratch / "out.raw"
    assert report["image_sha256"] == digest_of(image) and image.stat().st_size == SMALL
    assert report["data_sha256"] == data_digest(image, joined(read("extents", small)["disks"][0]["extents"]))


def test_the_image_is_sparse_and_nothing_else_is_made(db01, run, scratch):
    run("export", DELTA, "out.raw", status=0)
    assert (scratch / "out.raw").stat().st_blocks * 512 < 4 * MIB
    assert list(scratch.glob("out.raw*")) == [scratch / "out.raw"]


def test_an_existing_file_is_not_overwritten(db01, run, scratch):
    image = scratch / "out.raw"
    image.write_bytes(b"mine")
    before = image.stat().st_mtime_ns
    run("export", DELTA, "out.raw", status=16, says="is not overwritten")
    assert (image.read_bytes(), image.stat().st_mtime_ns) == (b"mine", before)


@pytest.mark.parametrize("at", [0, 4 * MIB, 1023 * MIB])
def test_link_1_is_the_disk_as_it_was_at_the_snapshot(db01, run, scratch, at):
    run("export", DELTA, "earlier.raw", "--link", 1, "--no-hash", status=0)
    assert content(scratch / "earlier.raw", at, MIB) == content(db01 / "db01-flat.vmdk", at, MIB)


@pytest.mark.parametrize("line, status, says", [
    (f"{DELTA} none.raw --link 2", 16, "--link takes a number below 2"),
    ("db01/db01.vmx none.raw --disk scsi0:9", 16, "has 0 disks"),
    (f"{DELTA} none.raw --sha256 --no-hash", 16, ""),
    (f"{DELTA} /proc/none.raw", 8, "")])
def test_what_cannot_be_exported_is_told(db01, run, line, status, says):
    run("export", *line.split(), status=status, says=says)


def test_without_hashes_there_are_none(db01, read):
    assert read("export", "db01/db01.vmx", "plain.raw", "--no-hash", status=0)["data_sha256"] is None


@pytest.fixture
def written_since(db01):
    """The base of db01 was written after its delta was made, or is another one."""
    replace(db01 / "db01-000001.vmdk", "parentCID=1b77e0d4", "parentCID=deadbeef")
    return "parentCID is deadbeef, its parent db01/db01.vmdk has CID 1b77e0d4"


def test_what_may_mix_two_points_in_time_is_not_exported_unless_that_is_wanted(written_since, run, scratch, refused):
    refused(DELTA, f"{written_since}: the image may mix two points in time; --allow-mismatch reads it so")
    run("export", DELTA, "mixed.raw", "--allow-mismatch", status=0, says=f"{written_since}: the image may mix")
    assert (scratch / "mixed.raw").stat().st_size == 1 << 30


def test_nor_is_its_map_told(written_since, run, mapped):
    run("extents", DELTA, status=8, says=written_since)
    assert mapped(DELTA, status=8)["extents"] == []
    run("extents", DELTA, "--allow-mismatch", status=0, shows="7 extents", says=written_since)


def test_the_link_below_is_as_it_was(written_since, run):
    assert written_since not in run("export", DELTA, "earlier.raw", "--link", 1, "--no-hash", status=0).stderr


def test_it_proves_nothing_unless_that_is_wanted(written_since, run):
    run("ctk", "verify", *IMAGES, "--since", 3, status=8, says=written_since)
    run("ctk", "verify", *IMAGES, "--since", 3, "--allow-mismatch", status=0, says=written_since)


def test_nor_is_it_known_since_when_a_delta_whose_parent_was_written_since_is_there(written_since, run):
    run("ctk", "verify", "--delta", DELTA, CTK, status=8, says=f"{written_since}, so it cannot be said since when")


@pytest.fixture
def stop_export(run, scratch, small):
    """An export that is stopped at the third write of a thread, which is one of data: the other thread writes the
    record at the beginning and at the end."""
    def stop(how, status, says=""):
        run("export", small, "out.raw", under=fault("pwrite64", f"{how}:when=3"), status=status, says=says)
        assert (scratch / "out.raw.partial").exists() and not (scratch / "out.raw").exists()
    return stop


STOPS = pytest.mark.parametrize("how, status, says", [
    ("signal=SIGINT", 32, "--resume goes on"), ("signal=SIGKILL", -9, ""), ("error=ENOSPC", 8, "No space left")])


@STOPS
def test_what_a_stopped_export_has_done_stays_under_another_name(stop_export, how, status, says):
    stop_export(how, status, says)


@STOPS
def test_a_stopped_export_is_not_begun_anew(stop_export, run, small, how, status, says):
    stop_export(how, status, says)
    run("export", small, "out.raw", status=16, says="--resume goes on with it")


@STOPS
def test_a_resumed_export_is_the_whole_image_and_is_left_alone(stop_export, read, scratch, small, how, status, says):
    whole = read("export", small, "whole.raw", "--sha256", status=0)
    stop_export(how, status, says)
    resumed = read("export", small, "out.raw", "--resume", "--sha256", status=0)
    told = ("image_sha256", "data_sha256")
    assert [resumed[key] for key in told] == [whole[key] for key in told]
    assert digest_of(scratch / "out.raw") == digest_of(scratch / "whole.raw") == whole["image_sha256"]
    assert list(scratch.glob("out.raw*")) == [scratch / "out.raw"]


def test_an_interrupted_export_goes_on_where_it_was(stop_export, read, small):
    stop_export("signal=SIGINT", 32)
    assert read("export", small, "out.raw", "--resume", status=0)["resumed_bytes"] > 0


@pytest.fixture
def outdated(stop_export, scratch):
    """An export that was stopped, and whose disk was written since."""
    stop_export("signal=SIGINT", 32)
    os.utime(scratch / "small-flat.vmdk", (1, 1))
    return scratch / "out.raw.partial"


def test_an_export_of_something_else_is_not_gone_on_with(outdated, run, small):
    run("export", small, "out.raw", "--resume", status=16, says="was made of something else")
    assert outdated.exists()


def test_without_a_part_resume_begins(run, small):
    run("export", small, "out.raw", "--resume", status=0)


@pytest.mark.parametrize("quiet, is_shown", [([], True), (["--quiet"], False)])
def test_a_progress_bar_is_shown_in_a_terminal_alone_and_not_with_quiet(db01, program, scratch, quiet, is_shown):
    shown = program.on_terminal("export", DELTA, "bar.raw", *quiet, streams=["stderr"], cwd=scratch).stdout
    assert ("] " in shown and " % " in shown) == is_shown, shown


# --- verify ----------------------------------------------------------------------------------------------------------

IMAGES = ("--images", BASE, DELTA, CTK)


@pytest.fixture
def verify(read):
    return lambda status, *words: read("ctk", "verify", *words, status=status)


@pytest.fixture
def raw(db01, run):
    """The same images as raw files."""
    run("export", DELTA, "new.raw", "--no-hash", status=0)
    run("export", DELTA, "old.raw", "--link", 1, "--no-hash", status=0)
    return "--images", "old.raw", "new.raw", CTK


def test_the_delta_of_the_demo_is_marked(db01, verify):
    clean = verify(0, "--delta", DELTA, CTK)
    told = (clean["verdict"], clean["compared_bytes"], clean["since"])
    assert told == ("no write is missed", DATA_BYTES, 3)


def test_the_images_of_the_demo_are_marked(db01, verify):
    clean = verify(0, *IMAGES, "--since", 3)
    assert clean["differing_bytes"] == clean["marked_bytes"] == 3 * 65536 and clean["compared_bytes"] == 1 << 30


def test_of_raw_files_the_same_is_said(raw, verify):
    by_chain, by_file = verify(0, *IMAGES, "--since", 3), verify(0, *raw, "--since", 3)
    assert {**by_file, "against": 0} == {**by_chain, "against": 0}


@pytest.fixture
def damaged(db01):
    """One entry of the CTK file says that a block that was written was not."""
    set_entry(db01 / "db01-000001-ctk.vmdk", 64, 1)
    return db01


def test_a_delta_makes_a_damaged_ctk_file_suspect(damaged, run, verify):
    suspect = verify(4, "--delta", DELTA, CTK)
    assert suspect["verdict"] == "suspect" and spans(suspect["missed"]) == [(4 * MIB, 4096)]
    run("ctk", "verify", "--delta", DELTA, CTK, status=4, shows="a grain table does not say when it was written")


@pytest.mark.parametrize("form", ["chains", "raw files"])
@pytest.mark.parametrize("by", ["epoch", "change id"])
def test_images_prove_that_a_ctk_file_is_damaged(damaged, raw, read, verify, scratch, form, by):
    files = IMAGES if form == "chains" else raw
    since = "3" if by == "epoch" else read("ctk", "show", CTK)["files"][0]["change_id"].rsplit("/")[0] + "/3"
    proof = verify(4, *files, "--since", since)
    (missed,) = proof["missed"]
    assert proof["verdict"] == "proof" and spans([missed]) == [(4 * MIB, 65536)]
    for side, name in (("sha256_before", "old.raw"), ("sha256_after", "new.raw")):
        assert missed[side] == hashlib.sha256(content(scratch / name, 4 * MIB, 65536)).hexdigest()


def test_a_proof_is_called_one(damaged, run):
    run("ctk", "verify", *IMAGES, "--since", 3, status=4, shows="PROOF")


@pytest.fixture
def overmarked(db01):
    """Three blocks more are marked than were written."""
    for block in (70, 71, 16383):
        set_entry(db01 / "db01-000001-ctk.vmdk", block, 4)
    return db01


def test_more_marked_than_differs_is_harmless_and_counted(overmarked, verify):
    more = verify(0, *IMAGES, "--since", 3)
    assert (more["over_reported_bytes"], more["verdict"]) == (3 * 65536, "no write is missed")


def test_since_star_everything_written_is_marked(overmarked, verify):
    more, everything = verify(0, *IMAGES, "--since", 3), verify(0, *IMAGES, "--since", "*")
    assert everything["marked_bytes"] > more["marked_bytes"]


def test_since_when_cannot_be_said_where_the_parent_is_not_tracked(db01, run):
    replace(db01 / "db01.vmdk", 'changeTrackPath="db01-ctk.vmdk"', "")
    says = "names no CTK file, so it cannot be said since when"
    run("ctk", "verify", "--delta", DELTA, CTK, status=8, says=says)


def test_nothing_is_said_across_a_restart_of_tracking(db01, run):
    patch(db01 / "db01-ctk.vmdk", 50, b"other")
    run("ctk", "verify", "--delta", DELTA, CTK, status=8, says="tracking was restarted in between")


@pytest.mark.parametrize("words, status, says", [
    (["--delta", BASE, FROZEN], 8, "has no parent"),
    (["--delta", DELTA, "app01/app01_1-ctk.vmdk"], 8, "have different UUIDs"),
    (["--delta", DELTA, FROZEN], 8, "is the CTK file of the parent"),
    (["--images", "db01/db01-000001-delta.vmdk", DELTA, CTK, "--since", 3], 16, "is a sparse extent"),
    ([*IMAGES[:3], "app01/app01-ctk.vmdk", "--since", 3], 8, "covers 42949672960"),
    ([*IMAGES, "--since", ANOTHER_ID], 8, "another UUID"),
    ([*IMAGES[:3], "cbt-v2/cbt-v2-ctk.vmdk", "--since", 3], 8, ""),
    (IMAGES, 16, "needs --since"),
    ([CTK], 16, "needs either")],
    ids=["no parent", "another disk", "the parent's file", "a bare extent", "another size", "another id",
         "another version", "no since", "nothing to compare"])
def test_what_cannot_be_compared_is_told(program, demo, words, status, says):
    program.run("ctk", "verify", *words, cwd=demo, status=status, says=says)


@pytest.mark.parametrize("words", [["--delta", DELTA, CTK], [*IMAGES, "--since", 3]], ids=["delta", "images"])
def test_what_the_files_of_a_running_machine_say_proves_nothing_but_by_the_operators_word(db01, run, words):
    (db01 / "db01.vmx.lck").touch()
    run("ctk", "verify", *words, status=8, says="may run; its files prove nothing")
    run("ctk", "verify", *words, "--even-if-running", status=0, shows="no write is missed")


def test_nor_where_the_machine_was_not_shut_down_cleanly(db01, run):
    replace(db01 / "db01.vmx", 'cleanShutdown = "TRUE"', 'cleanShutdown = "FALSE"')
    says = "db01.vmx (cleanShutdown is FALSE) beside it says that the VM may run"
    run("ctk", "verify", *IMAGES, "--since", 3, status=8, says=says)


@pytest.fixture
def partly_readable(db01):
    """The second table of the delta is said to lie past the end."""
    patch(db01 / "db01-000001-delta.vmdk", 4 * 512 + 4, struct.pack("<I", 0x7FFFFFFF))
    return db01


def test_a_part_that_cannot_be_read_is_not_compared_and_the_rest_is(partly_readable, verify):
    partly = verify(8, "--delta", DELTA, CTK)
    assert spans(partly["not_compared"]) == [(2 * MIB, 2 * MIB)] and partly["compared_bytes"] == DATA_BYTES
    assert "points past the end" in partly["why_not_compared"] and partly["verdict"] == "incomplete"


def test_what_could_be_compared_is_proof(partly_readable, damaged, run, verify):
    partly = verify(12, *IMAGES, "--since", 3)
    assert (partly["verdict"], partly["not_compared_bytes"]) == ("proof", 2 * MIB)
    run("ctk", "verify", *IMAGES, "--since", 3, status=12, shows="not compared: 2097152 bytes (2 MiB)")


# --- diff ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def diff(read):
    return lambda old, new, status=4: read("ctk", "diff", old, new, status=status)


def test_a_file_does_not_differ_from_itself(db01, run):
    run("ctk", "diff", CTK, CTK, status=0)


def test_changed_entries_are_counted(db01, diff):
    changed = diff(FROZEN, CTK)
    assert changed["changed_blocks"] == 3 and changed["epochs"] == [{"epoch": 4, "blocks": 3, "bytes": 3 * 65536}]


def test_there_is_no_rate_without_times_that_differ(db01, diff):
    assert diff(FROZEN, CTK)["bytes_per_day"] is None


def test_there_is_a_rate_by_the_times_of_the_files(db01, diff):
    later = (db01 / "db01-ctk.vmdk").stat().st_mtime + 43200
    os.utime(db01 / "db01-000001-ctk.vmdk", (later, later))
    assert diff(FROZEN, CTK)["bytes_per_day"] == 6 * 65536


def test_backwards_is_told(db01, diff):
    back = diff(CTK, FROZEN)
    assert back["went_backwards"] and not back["restarted"] and back["older_blocks"] == 3, back


def test_a_restart_is_told(db01, diff):
    patch(db01 / "db01-000001-ctk.vmdk", 50, b"other")
    other = diff(FROZEN, CTK)
    assert other["restarted"] and not other["went_backwards"], other


def test_of_files_of_other_sizes_nothing_is_counted(program, demo):
    words = ["ctk", "diff", FROZEN, "app01/app01-ctk.vmdk"]
    program.run(*words, cwd=demo, status=4, shows="of other sizes")
    other = program.json(*words, cwd=demo, status=4)
    assert other["resized"] and other["changed_blocks"] is None and other["bytes_per_day"] is None, other


# --- map -------------------------------------------------------------------------------------------------------------


def partition_entry(kind, first, sectors):
    return struct.pack("<4xB3xII", kind, first, sectors)


@pytest.fixture
def partitioned(db01):
    """A partition of Linux and one that it swaps to."""
    table = partition_entry(0x83, 2048, 1 << 20) + partition_entry(0x82, (1 << 20) + 2048, 4096)
    patch(db01 / "db01-flat.vmdk", 446, table + bytes(32) + b"\x55\xaa")
    return db01


@pytest.fixture
def picture_of(read):
    return lambda path, *words: read("ctk", "map", path, *words, status=0)


def test_cells_are_whole_blocks_and_cover_the_disk(db01, picture_of):
    plain = picture_of(FROZEN)
    assert (plain["cell_bytes"], len(plain["cells"]), plain["columns"]) == (8 * 65536, 2048, 64)


def test_the_newest_entry_of_a_cell_is_shown(db01, picture_of):
    plain = picture_of(FROZEN)
    assert max(plain["cells"]) == plain["epochs"][-1]["epoch"] == 3


def test_what_was_written_and_what_not_is_all(db01, picture_of):
    plain = picture_of(FROZEN)
    written = sum(epoch["bytes"] for epoch in plain["epochs"])
    assert written + plain["never_written_bytes"] == plain["capacity_bytes"] == 1 << 30


def test_without_a_partition_table_there_are_no_partitions(db01, picture_of):
    plain = picture_of(FROZEN)
    assert (plain["partitions"], plain["disk"], plain["since"]) == ([], None, None)


def test_of_a_flat_extent_its_size_and_what_is_kept_of_it_and_its_first_sector_are_told(partitioned, read):
    flat, kept = read("show", "db01/db01-flat.vmdk", status=0)["files"][0], (partitioned / "db01-flat.vmdk").stat()
    told = (flat["size_bytes"], flat["allocated_bytes"], flat["first_sector"])
    assert told == (1 << 30, kept.st_blocks * 512, "MBR")


def test_a_map_has_the_partitions_of_the_disk_that_names_the_file(partitioned, picture_of):
    table = picture_of(FROZEN)
    assert table["disk"] == BASE and spans(table["partitions"]) == [(MIB, 512 * MIB), (513 * MIB, 2 * MIB)]
    assert [partition["label"] for partition in table["partitions"]] == ["Linux", "Linux swap"]


def test_the_file_of_a_snapshot_has_the_disk_as_it_is_through_the_snapshot(partitioned, picture_of):
    assert len(picture_of(CTK)["partitions"]) == 2


def test_since_is_told(db01, picture_of):
    assert picture_of(FROZEN, "--since", 2)["since"] == 2


def test_a_map_is_plain_ascii_where_the_locale_has_no_more(partitioned, run):
    shown = run("ctk", "map", FROZEN, "--since", 2, env={"LC_ALL": "C"}, status=0).stdout
    assert shown.isascii() and ", since 2" in shown and "partitions of db01/db01.vmdk" in shown


def test_a_map_is_unicode_where_the_locale_has_it(db01, run):
    run("ctk", "map", FROZEN, env={"LC_ALL": "C.UTF-8"}, status=0, shows="█")


def test_but_plain_ascii_where_that_is_asked_for(db01, run):
    shown = run("ctk", "map", FROZEN, "--ascii", env={"LC_ALL": "C.UTF-8"}, status=0).stdout
    assert shown and shown.isascii()


@pytest.mark.parametrize("name", ["map.svg", "map.png"])
def test_a_picture_that_exists_is_not_overwritten(db01, run, scratch, name):
    (scratch / name).write_bytes(b"mine")
    run("ctk", "map", FROZEN, "-o", name, status=16, says="exists")
    assert (scratch / name).read_bytes() == b"mine"


def test_an_svg_says_what_it_shows(partitioned, run, scratch):
    run("ctk", "map", FROZEN, "--since", 2, "-o", "map.svg", status=0)
    svg = xml.etree.ElementTree.parse(scratch / "map.svg").getroot()
    words = {element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert svg.get("width") == "800" and {"1 Linux", "2 Linux swap", "never written", "epoch 3: since 2"} <= words


def test_a_png_is_800_wide(partitioned, run, scratch):
    run("ctk", "map", FROZEN, "--since", 2, "-o", "map.png", status=0)
    assert number(scratch / "map.png", 16, ">I") == 800


@pytest.mark.parametrize("words, status, says", [
    ([FROZEN, "-o", "map.jpg"], 16, "ends in .svg or .png"), ([FROZEN, "--since", ANOTHER_ID], 8, "another UUID"),
    (["db01/nothing-ctk.vmdk"], 8, ""), ([BASE], 16, "db01-ctk.vmdk")],
    ids=["another kind of picture", "another id", "a missing file", "another kind of file"])
def test_what_has_no_map_is_told(db01, run, words, status, says):
    run("ctk", "map", *words, status=status, says=says)
