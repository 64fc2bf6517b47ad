"""A FILE verb and a file of another kind: 16, and which verb reads it. A file of which nothing can be shown: 8."""
import shutil

import pytest

import vmware_files
from folders import FIXTURES, copy_folder

BASE, DELTA, CTK, VMX = "db01/db01.vmdk", "db01/db01-000001.vmdk", "db01/db01-ctk.vmdk", "db01/db01.vmx"
DISK_OR_VM, OF_CTK = "expected a .vmx or a disk's descriptor", "expected a CTK file"
OTHERS = [("db01", "is a folder", "scan"), ("db01/db01.vmsd", "is a snapshot list", "show"),
          ("db01/db01-flat.vmdk", "is a disk's data", "show"), ("db01/db01-000001-delta.vmdk", "is a sparse extent", "show"),
          ("db02/db02-000001-sesparse.vmdk", "is a sparse extent", "show"), ("notes.txt", "is of no known kind", "show")]
OF_DISKS = [["chain", "FILE"], ["extents", "FILE"], ["export", "FILE", "out.raw"]]
OF_TRACKING = [["ctk", "show", "FILE"], ["ctk", "blocks", "FILE", "--since", "0"], ["ctk", "map", "FILE"],
               ["ctk", "diff", CTK, "FILE"], ["ctk", "diff", "FILE", CTK], ["ctk", "verify", "--delta", DELTA, "FILE"],
               ["ctk", "verify", "--images", BASE, DELTA, "FILE", "--since", "3"]]


def words_of(line):
    return " ".join(line)


@pytest.fixture
def ds(scratch):
    """Where the program runs: a disk with a COWD link, one with seSparse links, and what is no file of VMware's."""
    for name in ("db01", "db02"):
        copy_folder(FIXTURES / "demo" / name, scratch / name)
    (scratch / "notes.txt").write_text("to do: nothing\n")
    return scratch


@pytest.fixture
def refused(run, read, ds):
    """The verb ends before it shows or makes anything, and says so once."""
    def refuse(line, file, *says):
        words = [file if word == "FILE" else word for word in line]
        found = run(*words, status=16)
        assert found.stdout == "" and found.stderr.count(f"{file}: is ") == 1, found
        assert all(each in found.stderr for each in says), found
        told = read(*words, status=16)
        assert (told["schema"], told["exit_status"]) == ("cbtctl.error/1", 16) and file in told["error"]
        assert not list(ds.glob("out.raw*"))
    return refuse


@pytest.mark.parametrize("line", OF_DISKS, ids=words_of)
@pytest.mark.parametrize("file, told, reader", [*OTHERS, (CTK, "is a CTK file", "ctk show")])
def test_what_is_no_disk_and_no_machine_is_another_verbs(refused, line, file, told, reader):
    refused(line, file, told, DISK_OR_VM, f"cbtctl {reader} reads it")


@pytest.mark.parametrize("line", OF_TRACKING, ids=words_of)
@pytest.mark.parametrize("file, told, reader", [*OTHERS[:-1], (VMX, "is a VM's configuration", "chain")])
def test_what_is_no_ctk_file_is_another_verbs(refused, line, file, told, reader):
    refused(line, file, told, OF_CTK, f"cbtctl {reader} reads it")


@pytest.mark.parametrize("line", OF_TRACKING, ids=words_of)
def test_of_a_descriptor_the_ctk_file_is_named(refused, line):
    refused(line, BASE, "is a disk's descriptor", OF_CTK, "cbtctl chain reads it; its CTK file is db01-ctk.vmdk")


def test_or_that_it_names_none(refused, ds):
    text = (ds / BASE).read_text()
    (ds / "db01/plain.vmdk").write_text(text.replace('changeTrackPath="db01-ctk.vmdk"\n', ""))
    refused(OF_TRACKING[2], "db01/plain.vmdk", "it names no CTK file")


@pytest.mark.parametrize("file", ["db01", "db01/db01.vmsd", VMX, CTK, "db01/db01-000001-delta.vmdk"])
@pytest.mark.parametrize("line", [["FILE", DELTA], [BASE, "FILE"]], ids=["old", "new"])
def test_what_is_no_image_is_not_compared_as_one(refused, line, file):
    refused(["ctk", "verify", "--images", *line, CTK, "--since", "3"], file,
            "expected a disk's descriptor or a raw image")


@pytest.mark.parametrize("file", ["db01", VMX, CTK, "db01/db01-000001-delta.vmdk"])
def test_a_delta_is_a_descriptor(refused, file):
    refused(["ctk", "verify", "--delta", "FILE", CTK], file, "expected a disk's descriptor;")


def test_show_reads_every_kind_of_file_and_no_folder(refused, run):
    refused(["show", "FILE"], "db01", "is a folder, expected a file; cbtctl scan reads it")
    for file, _, _ in OTHERS[1:]:
        run("show", file, status=0)


@pytest.mark.parametrize("verb", [["chain"], ["extents"], ["ctk", "show"], ["show"]], ids=words_of)
def test_one_file_of_another_kind_ends_the_verb_before_the_others_are_shown(refused, verb):
    right = CTK if verb[0] == "ctk" else BASE
    refused([*verb, right, "FILE"], "db01")


def test_all_of_them_are_told(run, ds):
    found = run("chain", "db01", DELTA, "db01/db01.vmsd", status=16)
    assert "db01: is a folder" in found.stderr and "db01/db01.vmsd: is a snapshot list" in found.stderr


# --- content first, then the name ------------------------------------------------------------------------------------


def test_a_kind_is_that_of_the_content(ds, read, run):
    shutil.copy(ds / VMX, ds / "db01/db01.bak")
    shutil.copy(ds / BASE, ds / "db01/looks-ctk.vmdk")
    shutil.copy(ds / CTK, ds / "db01/looks.vmdk")
    assert read("chain", "db01/db01.bak", status=0)["disks"][0]["slot"] == "scsi0:0"
    run("chain", "db01/looks-ctk.vmdk", status=0, shows="looks-ctk.vmdk")
    run("ctk", "show", "db01/looks.vmdk", status=0, shows="epoch")


@pytest.mark.parametrize("name, content", [
    ("x.vmdk", b"\x7fELF" + bytes(range(256))), ("x.vmdk", b""), ("x.vmdk", b"# Disk DescriptorFile\nversion=1\n"),
    ("x.vmdk", b"KDMV"), ("x.vmx", b"\x7fELF" + bytes(range(256))), ("x.vmx", b""),
    ("x.vmx", b'.encoding = "UTF-8"\nencryption.keySafe = "x"\nencryption.data = "y"\n'),
    ("x.vmx", b'.encoding = "UTF-8"\nconfig.version = "8"\ndisplayName = "no disks"\n')],
    ids=["no descriptor", "an empty one", "no extent", "a cut header", "no configuration", "an empty one again",
         "encrypted", "no disks"])
def test_where_nothing_can_be_shown_of_a_file_the_verb_ends_with_8_and_says_so_once(ds, read, run, name, content):
    (ds / name).write_bytes(content)
    for verb in ("chain", "extents"):
        found = run(verb, name, status=8)
        assert (found.stdout + found.stderr).count(name) == 1, found
        (disk,) = read(verb, name, status=8)["disks"]
        assert disk["error"] and disk["links"] == []
    run("export", name, "out.raw", status=8, says=name)
    assert not list(ds.glob("out.raw*"))


def test_beside_it_the_others_are_shown(ds, run):
    (ds / "x.vmdk").write_bytes(b"\x7fELF" + bytes(range(256)))
    run("chain", "x.vmdk", DELTA, "none.vmdk", status=8, shows="└ db01.vmdk", says="none.vmdk")


def test_a_machine_whose_disk_is_gone_shows_that(ds, run):
    (ds / DELTA).unlink()
    run("chain", VMX, status=0, shows="db01-000001.vmdk (scsi0:0)")


@pytest.mark.parametrize("verb", ["chain", "extents"])
def test_a_slot_that_no_machine_has_is_a_usage_error(ds, run, verb):
    assert run(verb, VMX, "--disk", "scsi0:9", status=16, says="has 0 disks called scsi0:9").stdout == ""
    run(verb, VMX, "--disk", "scsi0:0", status=0)


def test_an_extent_in_pieces_names_no_disk_by_itself(scratch, run):
    vmware_files.write_sparse(scratch / "x-s001.vmdk", *vmware_files.monolithic(8192, [0], b""))
    run("chain", "x-s001.vmdk", status=16, says="is a sparse extent")
