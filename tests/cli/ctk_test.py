"""What a CTK file can answer: since when, for which machine, of which version; and what it refuses to say."""
import struct

import pytest

import vmware_files
from folders import FIXTURES, copy_folder
from program import fault

CTK, FROZEN, DELTA = "db01/db01-000001-ctk.vmdk", "db01/db01-ctk.vmdk", "db01/db01-000001.vmdk"
IMAGES = ["--images", "db01/db01.vmdk", DELTA, CTK]
UUID = "52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63"
EPOCH = 4
SECTORS = 2 << 20  # of a disk of 1 GiB
BLOCKS = SECTORS // 128


@pytest.fixture
def db01(scratch):
    """A tracked disk of 1 GiB with a snapshot."""
    return copy_folder(FIXTURES / "demo/db01", scratch / "db01")


@pytest.fixture
def alone(scratch):
    """A CTK file that lies alone, by its header's words and the entry of each block: alone(epoch=4, entry=3)."""
    def written(entry=4, extra=None, sectors=SECTORS, **header):
        content = bytearray(vmware_files.ctk_file(sectors, entry=entry, **header))
        if extra is not None:
            content[40:44] = struct.pack("<I", extra)
        (scratch / "x-ctk.vmdk").write_bytes(content)
        return "x-ctk.vmdk"
    return written


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def not_shut_down(db01):
    replace(db01 / "db01.vmx", 'cleanShutdown = "TRUE"', 'cleanShutdown = "FALSE"')


def locked(db01):
    (db01 / "db01.vmx.lck").touch()


def locked_on_nfs(db01):
    (db01 / ".lck-3409000000000000").touch()


def swapping(db01):
    (db01 / "db01-0a1b2c3d.vswp").touch()


def suspended(db01):
    replace(db01 / "db01.vmx", 'cleanShutdown = "TRUE"', 'cleanShutdown = "TRUE"\ncheckpoint.vmState = "db01.vmss"')


def encrypted(db01):
    (db01 / "db01.vmx").write_text('.encoding = "UTF-8"\nencryption.keySafe = "x"\nencryption.data = "y"\n')


def garbled(db01):
    (db01 / "db01.vmx").write_bytes(b"\x7fELF" + bytes(range(256)))


# --- an id from the future -------------------------------------------------------------------------------------------


VERBS = [["blocks", CTK], ["map", CTK], ["verify", *IMAGES]]


@pytest.mark.parametrize("words", VERBS, ids=["blocks", "map", "verify"])
@pytest.mark.parametrize("since", ["5", "99", f"{UUID}/9", "123456789012345678901234567890"])
def test_an_id_from_the_future_is_not_answered(db01, run, words, since):
    found = run("ctk", *words, "--since", since, status=8, says="older than --since")
    assert not found.stdout


@pytest.mark.parametrize("words", VERBS, ids=["blocks", "map", "verify"])
def test_its_own_epoch_is(db01, run, words):
    run("ctk", *words[:2], *words[2:], "--since", EPOCH if words[0] != "verify" else 3, status=0)


@pytest.mark.parametrize("since", [f"{UUID}/9", f"ff{UUID[2:]}/3", "5"])
def test_nor_is_there_a_bitmap(db01, run, scratch, since):
    run("ctk", "blocks", CTK, "--since", since, "--bitmap", "-o", "bits", status=8)
    assert not (scratch / "bits").exists()


def test_json_has_the_error_in_its_place(db01, read):
    assert read("ctk", "blocks", CTK, "--since", "5", status=8)["schema"] == "cbtctl.error/1"


def test_a_table_that_was_rolled_back_behind_its_frozen_parent_proves_nothing(db01, run):
    with open(db01 / "db01-000001-ctk.vmdk", "r+b") as file:
        file.seek(36)
        file.write(struct.pack("<I", 2))
        file.seek(512)
        file.write(bytes(4 * BLOCKS))
    run("ctk", "verify", "--delta", DELTA, CTK, status=8, says="older than --since 3")


# --- an epoch that is not known --------------------------------------------------------------------------------------


@pytest.mark.parametrize("header, entry, epoch, at_least", [
    ({"epoch": 4}, 4, 4, None), ({"epoch": 128}, 100, 128, None), ({"epoch": BLOCKS}, 100, BLOCKS, None),
    ({"epoch": 0}, 7, None, 7), ({"epoch": 300, "extra": 1}, 299, 300, None),
    ({"epoch": 300, "extra": 301}, 299, None, 299), ({"epoch": 4}, 5, None, 5)],
    ids=["plain", "the block size", "the number of blocks", "no word", "one word above the entries",
         "two words above the entries", "a word below the entries"])
def test_the_epoch_is_told_or_what_it_is_at_least(alone, read, header, entry, epoch, at_least):
    path = alone(entry=entry, **header)
    shown, told = read("ctk", "show", path, status=0)["files"][0], read("ctk", "blocks", path, "--since", "0", status=0)
    for found in (shown, told):
        assert found["epoch_at_least"] == at_least
        assert found["change_id"] == (None if epoch is None else f"{UUID}/{epoch}")


def test_since_is_held_against_what_the_epoch_is_at_least(alone, run):
    path = alone(entry=7, epoch=0)
    run("ctk", "blocks", path, "--since", "7", status=0, shows="0 extents")
    assert not run("ctk", "blocks", path, "--since", "8", status=8, says="older than --since 8").stdout


# --- another version -------------------------------------------------------------------------------------------------


WORDING = "version 2, read by the layout of version 1"


def test_another_version_is_decoded_by_every_verb_in_one_wording(alone, run, read):
    path = alone(version=2)
    for words in (["show", path], ["blocks", path, "--since", "0"], ["map", path], ["diff", path, path]):
        run("ctk", *words, status=0, shows=WORDING)
    run("show", path, status=0, shows=WORDING)
    shown = read("ctk", "show", path)["files"][0]
    assert (shown["layout"], shown["understood"], shown["change_id"]) == ("inferred", True, f"{UUID}/4")
    told = read("ctk", "blocks", path, "--since", "0")
    assert (told["layout"], told["understood"], told["change_id"]) == ("inferred", True, f"{UUID}/4")


def test_and_tracked_with_that_reason(read, demo):
    machine = next(vm for vm in read("scan", demo)["virtual_machines"] if vm["config_path"] == "cbt-v2/cbt-v2.vmx")
    disk = machine["disks"][0]
    assert disk["cbt"]["state"] == "tracked" and [WORDING in reason for reason in disk["cbt"]["reasons"]] == [True]
    assert (disk["chain"][0]["ctk"]["layout"], disk["chain"][0]["ctk"]["understood"]) == ("inferred", True)


def test_an_orphan_of_it_goes_aside_by_choice_alone(alone, program, scratch):
    path, words = scratch / alone(version=2), ["clean", scratch, "--min-age", "0s", "--yes"]
    program.run(*words)
    assert path.exists()
    program.run(*words, "--any-layout")
    assert not path.exists()


def test_and_by_its_code(alone, program, scratch):
    path = scratch / alone(version=2)
    program.run("repair", scratch, "--min-age", "0s", "--yes", "--choose", "ctk-orphan=quarantine")
    assert not path.exists()


# --- a table that is not complete ------------------------------------------------------------------------------------


ASKED = [["blocks", CTK, "--since", "3"], ["map", CTK], ["diff", CTK, CTK], ["verify", "--delta", DELTA, CTK],
         ["verify", *IMAGES, "--since", "3"]]
ASKED_IDS = ["blocks", "map", "diff", "delta", "images"]


@pytest.mark.parametrize("words", ASKED, ids=ASKED_IDS)
@pytest.mark.parametrize("running", [not_shut_down, locked, locked_on_nfs, swapping, suspended, encrypted,
                                     garbled])
def test_the_table_of_a_machine_that_may_run_is_not_complete(db01, read, run, words, running):
    running(db01)
    told = read("ctk", *words, status=8)
    assert told["complete"] is False and told["incomplete_reason"] and told["exit_status"] == 8
    run("ctk", *words, status=8, says="may run; its files prove nothing", shows="not complete")
    told = read("ctk", *words, "--even-if-running", status=0)
    assert told["complete"] is False and told["incomplete_reason"]


@pytest.mark.parametrize("words", ASKED, ids=ASKED_IDS)
def test_that_of_a_machine_that_was_shut_down_is(db01, read, words):
    told = read("ctk", *words, status=0)
    assert (told["complete"], told["incomplete_reason"]) == (True, None)


@pytest.mark.parametrize("words", ASKED, ids=ASKED_IDS)
def test_where_nothing_beside_the_file_tells_it_is_not_known(db01, read, words):
    for sign in db01.glob("*.vmx"):
        sign.unlink()
    told = read("ctk", *words, status=0)
    assert told["complete"] is None and told["incomplete_reason"]


@pytest.mark.parametrize("words", ASKED, ids=ASKED_IDS)
def test_where_the_folder_cannot_be_listed_the_machine_may_run(db01, read, words):
    """Nobody could look, so nothing is proven."""
    told = read("ctk", *words, status=8, under=fault("getdents64", "error=EIO"))
    assert told["complete"] is False and "cannot be listed" in told["incomplete_reason"]
    assert told.get("verdict", "incomplete") == "incomplete"
    read("ctk", *words, "--even-if-running", status=0, under=fault("getdents64", "error=EIO"))


def test_a_folder_is_listed_once_however_many_of_its_files_are_compared(program, db01):
    _, calls = program.calls("openat,openat2", "ctk", *ASKED[4], cwd=db01.parent, status=0)
    listed = [call for call in calls if "O_DIRECTORY" in call and f'/{db01.name}"' in call]
    assert len(listed) == 1, calls


@pytest.mark.parametrize("words", ASKED, ids=ASKED_IDS)
def test_nor_where_a_flag_word_of_the_header_is_set(db01, read, words):
    with open(db01 / "db01-000001-ctk.vmdk", "r+b") as file:
        file.seek(8)
        file.write(b"\1")
    told = read("ctk", *words, status=0)
    assert told["complete"] is None and "offset 8" in told["incomplete_reason"]


def test_a_swap_file_in_another_folder_speaks_against_a_clean_stop(db01, read):
    with open(db01 / "db01.vmx", "a") as file:
        file.write('sched.swap.derivedName = "../swap/db01-1a2b3c4d.vswp"\n')
    assert read("ctk", *ASKED[0], status=0)["complete"] is True  # the key stays when the file goes
    (db01.parent / "swap").mkdir()
    (db01.parent / "swap/db01-1a2b3c4d.vswp").touch()
    told = read("ctk", *ASKED[0], status=8)
    assert told["complete"] is False and "a swap file" in told["incomplete_reason"]


def test_another_machine_of_the_folder_is_nobody_to_ask(db01, read):
    replacement = (db01 / "db01.vmx").read_text().replace("db01", "other").replace('"TRUE"', '"FALSE"')
    (db01 / "other.vmx").write_text(replacement)
    assert read("ctk", *ASKED[0], status=0)["complete"] is True


def test_a_missed_write_of_a_machine_that_may_run_is_no_proof(db01, read, run):
    locked(db01)
    with open(db01 / "db01-000001-ctk.vmdk", "r+b") as file:
        file.seek(512)
        file.write(bytes(4 * BLOCKS))
    found = read("ctk", *ASKED[3], status=8)
    assert found["verdict"] == "incomplete" and found["missed_bytes"] > 0
    assert "SUSPECT" not in run("ctk", *ASKED[3], status=8).stdout
    run("ctk", *ASKED[3], "--even-if-running", status=4, shows="SUSPECT")


def test_the_state_tracked_has_the_same_reason(db01, read):
    def reasons():
        disk = read("scan", db01)["virtual_machines"][0]["disks"][0]
        return disk["cbt"]["state"], disk["cbt"]["reasons"]
    assert reasons() == ("tracked", [])
    not_shut_down(db01)
    state, (reason,) = reasons()
    assert state == "tracked" and reason.startswith("the machine is not proven off")


def test_what_covers_less_than_its_disk_cannot_tell_all(demo, read):
    told = read("ctk", "blocks", demo / "grown/grown-ctk.vmdk", "--since", "0", status=8)
    assert told["complete"] is False and "covers less" in told["incomplete_reason"]
    read("ctk", "blocks", demo / "grown/grown-ctk.vmdk", "--since", "0", "--even-if-running", status=8)


@pytest.fixture
def grown(scratch):
    """A disk that was extended from 1 GiB to 2 GiB without its CTK file, and raw images of it from before that, which
    differ in the block `wrote`: grown(wrote)."""
    def made(wrote):
        text = vmware_files.descriptor("vmfs", ['RW 4194304 VMFS "grown-flat.vmdk"'], ctk="grown-ctk.vmdk")
        (scratch / "grown.vmdk").write_text(text)
        (scratch / "grown-ctk.vmdk").write_bytes(vmware_files.ctk_file(SECTORS, entry=4))
        with open(scratch / "grown-ctk.vmdk", "r+b") as file:
            file.seek(512 + 4 * 7)
            file.write(bytes(4))
        for name, byte in (("old.raw", b""), ("new.raw", b"x")):
            with open(scratch / name, "wb") as file:
                file.seek(wrote * 65536)
                file.write(byte)
                file.truncate(1 << 30)
        return ["verify", "--images", "old.raw", "new.raw", "grown-ctk.vmdk", "--since", "3"]
    return made


@pytest.mark.parametrize("wrote, status, verdict", [(6, 8, "incomplete"), (7, 12, "proof")])
def test_nor_can_it_acquit_but_it_can_prove(grown, read, wrote, status, verdict):
    words = grown(wrote)
    for more in ([], ["--even-if-running"]):
        told = read("ctk", *words, *more, status=status)
        assert (told["verdict"], told["complete"]) == (verdict, False) and "covers less" in told["incomplete_reason"]


def test_a_cut_table_is_not_taken_for_a_whole_one(db01, run):
    with open(db01 / "db01-000001-ctk.vmdk", "r+b") as file:
        file.truncate(4096)
    run("ctk", "blocks", CTK, "--since", "0", status=8)
    run("ctk", "show", CTK, shows="cuts the table")
