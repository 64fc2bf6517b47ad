"""What holds for every verb: usage errors, missing files, pipes, colour, escaping, options, and that reading changes
nothing."""
import base64
import csv
import functools
import io
import json
import os
import re
import resource
from pathlib import Path

import pytest

import vmware_files
from folders import FIXTURES, copy_folder, times_of
from program import fault

DEMO = FIXTURES / "demo"
CTK = "app01/app01-ctk.vmdk"
FAR_DATA = f"/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7/far-data={DEMO / 'far-data'}"


@pytest.fixture
def run(program):
    """Runs the program in the demo."""
    return functools.partial(program.run, cwd=DEMO)


@pytest.fixture
def read(program):
    """A document that the program prints in the demo."""
    return functools.partial(program.json, cwd=DEMO)


# --- usage errors ----------------------------------------------------------------------------------------------------

WRONG = ["", "nosuchverb", "scan", "check", "show", "ctk", "ctk nosuch", "ctk show", "compare one", "scan . --nosuch",
         "scan . --color mauve", "check . --fail-on much", "check . --only nosuch", "explain nosuch",
         f"ctk blocks {CTK}", f"ctk blocks {CTK} --since yesterday", "scan app01/app01.vmdk", "scan . --workers 0",
         "undo nosuch", "apply", "export app01/app01.vmdk"]
VERBS = ["scan", "check", "show", "ctk show", "ctk blocks", "ctk map", "ctk diff", "ctk verify", "chain", "extents",
         "export", "compare", "enable", "disable", "reset", "clean", "repair", "apply", "undo", "history", "purge",
         "explain"]


@pytest.mark.parametrize("line", WRONG)
def test_a_usage_error_is_told_on_standard_error_alone_with_the_way_on(run, line):
    assert not run(*line.split(), status=16, says="--help").stdout


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_shows_how_it_is_called(run, verb):
    assert "--json" in run(*verb.split(), "--help", status=0, shows=f"usage: cbtctl {verb}").stdout


def test_version_names_the_program(run):
    assert run("--version").stdout.startswith("cbtctl ")


# --- what cannot be looked at ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["scan /nonexistent", "show /nonexistent", "ctk show /nonexistent",
                                  "ctk blocks /nonexistent --since 1", "compare /nonexistent /nonexistent"])
def test_a_file_that_is_missing_is_told_once(run, line):
    found = run(*line.split(), status=8, says="/nonexistent: is not there")
    assert found.stderr.count("/nonexistent") == 1, found


def test_a_working_directory_that_is_gone_says_nothing_about_an_absolute_target(program, scratch):
    (scratch / "gone").mkdir()
    leave = ["bash", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', scratch / "gone"]
    program.run("scan", DEMO / "app01", under=leave, status=0, shows="app01")


def test_where_one_target_of_two_is_missing_the_other_is_told(read):
    alone, both = read("scan", "."), read("scan", ".", "/nonexistent", status=8)
    assert both["exit_status"] == 8 and both["targets"][1]["error"]
    paths = [[vm["config_path"] for vm in found["virtual_machines"]] for found in (alone, both)]
    assert paths[0] == paths[1] and "app01/app01.vmx" in paths[0]


@pytest.mark.parametrize("verb", ["show", "ctk show"])
def test_nothing_is_guessed_of_a_file_that_is_missing(read, verb):
    (lost,) = read(*verb.split(), "/nonexistent")["files"]
    assert (lost["size_bytes"], lost.get("kind"), lost.get("layout")) == (None, None, None)


def test_all_of_a_missing_link_is_unknown(read):
    link = read("scan", "gone")["virtual_machines"][0]["disks"][0]["chain"][0]
    assert link["unreadable"] == "missing"
    assert {key: link[key] for key in ("version", "create_type", "cid", "parent_cid", "ctk")} == dict.fromkeys(
        ("version", "create_type", "cid", "parent_cid", "ctk"))


def test_where_one_file_of_two_is_missing_the_other_is_shown(run):
    run("show", "/nonexistent", "old01/old01.vmdk", status=8, shows="old01-ctk.vmdk")


# --- selection -------------------------------------------------------------------------------------------------------


@pytest.fixture
def names(read):
    return lambda *words: [vm["config_path"] for vm in read("scan", ".", *words)["virtual_machines"]]


def test_vm_takes_a_glob_of_names(names):
    assert names("--vm", "app*") == ["app01/app01.vmx"]


def test_vm_takes_several(names):
    assert names("--vm", "app*", "--vm", "db0?") == ["app01/app01.vmx", "db01/db01.vmx", "db02/db02.vmx"]


def test_a_glob_after_an_exclamation_mark_excludes(names):
    assert names("--vm", "!app*") == [name for name in names() if name != "app01/app01.vmx"]
    assert "app01/app01.vmx" in names()


def test_disk_narrows_to_the_machines_that_have_it(names):
    assert names("--disk", "nvme0:0") == ["cbt-v2/cbt-v2.vmx"]


def test_a_name_that_no_machine_has_is_a_usage_error(run):
    run("scan", ".", "--vm", "nosuch", status=16, says="no virtual machine is called 'nosuch'")


def test_comments_and_blanks_of_a_targets_file_are_no_targets(read, scratch):
    listed = scratch / "targets.txt"
    listed.write_text(f"# all of it\n\n{DEMO / 'app01'}\n  {DEMO / 'db01'}  # the database\n")
    targets = [target["location"] for target in read("scan", "--targets-file", listed)["targets"]]
    assert targets == [str(DEMO / "app01"), str(DEMO / "db01")]


def test_a_targets_file_that_is_missing_is_a_usage_error(run):
    run("scan", "--targets-file", "/nonexistent", status=16)


def test_map_finds_what_lies_elsewhere_and_tells_its_whole_path(read):
    disk = read("scan", "far", "--map", FAR_DATA)["virtual_machines"][0]["disks"][0]
    assert disk["cbt"]["state"] != "unreadable", disk["cbt"]
    assert Path(disk["chain"][0]["descriptor"]).is_absolute() and "target" not in disk["chain"][0], disk["chain"][0]


def test_a_file_of_another_target_tells_which(read):
    link = read("scan", "far", "far-data", "--map", FAR_DATA)["virtual_machines"][0]["disks"][0]["chain"][0]
    assert link["target"] == link["extents"][0]["target"] == 1 and not Path(link["descriptor"]).is_absolute(), link


def test_a_link_to_a_configuration_asks_for_that_machine(read, scratch):
    (scratch / "link.vmx").symlink_to(DEMO / "app01/app01.vmx")
    linked = read("scan", scratch / "link.vmx")["virtual_machines"]
    assert [machine["config_path"] for machine in linked] == ["app01.vmx"]


# --- terminals, pipes and colours ------------------------------------------------------------------------------------


@pytest.fixture
def on_terminal(program):
    """What the verb shows on a terminal of so many columns."""
    return lambda columns, *words, **more: program.on_terminal(
        *words, columns=columns, streams=["stdout"], cwd=DEMO, **more).stdout


@pytest.mark.parametrize("columns", [100, 80, 60, 40])
def test_a_table_fits_a_terminal(run, on_terminal, columns):
    wide = max(map(len, run("scan", ".").stdout.splitlines()))
    shown = on_terminal(columns, "scan", ".", env={"NO_COLOR": 1})
    table = shown.split("\n\r\n")[0].split("\r\n\r\n")[0].splitlines()
    assert len(table) > 20 and max(map(len, table)) <= columns < wide, shown


def test_a_terminal_has_colour(on_terminal):
    assert "\x1b[" in on_terminal(100, "scan", ".")


def test_no_color_takes_it_away(on_terminal):
    shown = on_terminal(100, "scan", ".", env={"NO_COLOR": 1})
    assert "app01" in shown and "\x1b[" not in shown


def test_a_pipe_has_no_colour(run):
    assert "\x1b[" not in run("scan", ".", status=0, shows="app01").stdout


def test_color_always_has_it_in_a_pipe_too(run):
    run("scan", ".", "--color", "always", shows="\x1b[")


def test_color_never_has_none_on_a_terminal(on_terminal):
    shown = on_terminal(100, "scan", ".", "--color", "never")
    assert "app01" in shown and "\x1b[" not in shown


def test_a_closed_pipe_ends_quietly(run):
    assert run("scan", ".", "--json", under=["bash", "-c", '"$@" | true', "bash"]).stderr == ""


# --- a CTK file: CSV, header dump, bitmap ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def blocks(module_program):
    """What was written to app01's first disk since epoch 1."""
    found = module_program.json("ctk", "blocks", DEMO / CTK, "--since", "1")
    assert found["extents"]
    return found


@pytest.fixture(scope="module")
def header(module_program):
    return module_program.json("ctk", "show", DEMO / CTK)["files"][0]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_row_for_each_disk(run, read):
    machines = read("scan", ".")["virtual_machines"]
    disks = sum(len(vm["disks"]) or "unreadable" in vm for vm in machines)
    assert len(rows_of(run("scan", ".", "--csv").stdout)) == disks > 0


def test_blocks_tell_the_same_as_csv_and_as_json(run, blocks):
    rows = rows_of(run("ctk", "blocks", CTK, "--since", "1", "--csv").stdout)
    assert [{key: int(value) for key, value in row.items()} for row in rows] == blocks["extents"]


def test_total_bytes_is_the_sum_of_the_extents(blocks):
    assert blocks["total_bytes"] == sum(extent["length_bytes"] for extent in blocks["extents"])


def test_a_bitmap_has_a_bit_for_each_block_the_first_in_the_least_significant(run, scratch, blocks, header):
    run("ctk", "blocks", CTK, "--since", "1", "--bitmap", "-o", scratch / "bitmap", status=0)
    bits, size = (scratch / "bitmap").read_bytes(), header["block_size_bytes"]
    assert len(bits) == (header["blocks"] + 7) // 8
    ends = [(e["offset_bytes"] // size, -(-(e["offset_bytes"] + e["length_bytes"]) // size)) for e in blocks["extents"]]
    marked = {block for first, end in ends for block in range(first, end)}
    assert {i for i in range(header["blocks"]) if bits[i // 8] >> i % 8 & 1} == marked


def test_a_bitmap_that_exists_is_left_alone(run, scratch):
    bitmap = scratch / "bitmap"
    bitmap.write_bytes(b"mine")
    run("ctk", "blocks", CTK, "--since", "1", "--bitmap", "-o", bitmap, status=16, says="exists already")
    assert bitmap.read_bytes() == b"mine"


def test_a_full_change_id_is_an_epoch_of_this_file(read, header, blocks):
    assert read("ctk", "blocks", CTK, "--since", f"{header['uuid']}/1")["extents"] == blocks["extents"]


def test_a_change_id_of_another_uuid_is_refused(run, header):
    run("ctk", "blocks", CTK, "--since", f"ff{header['uuid'][2:]}/1", status=8, says="another UUID")


def test_since_star_is_all_that_was_ever_written(read, header):
    everything = read("ctk", "blocks", CTK, "--since", "*")["total_bytes"]
    assert everything == sum(epoch["bytes"] for epoch in header["epochs"])


def test_titles_and_numbers_end_in_the_same_columns(run):
    table = run("ctk", "blocks", CTK, "--since", "1").stdout.splitlines()[1:-1]
    assert {tuple(word.end() for word in re.finditer(r"\S+", row)) for row in table} == {(11, 24, 36)}


def test_the_header_dump_hides_the_uuid(run, header):
    dump = run("ctk", "show", CTK, "--header-dump").stdout
    assert header["uuid"].replace("-", " ")[:23] not in dump and "a2 72 19 f6" in dump
    assert len(re.findall(r"^[0-9a-f]+ ", dump, re.M)) == 32, dump


def test_nor_does_that_of_a_file_shorter_than_its_header_show_it(run, scratch, header):
    short = scratch / "short-ctk.vmdk"
    short.write_bytes((DEMO / CTK).read_bytes()[:100])
    dump = run("ctk", "show", short, "--header-dump").stdout
    assert "a2 72 19 f6" in dump and header["uuid"][:11] not in dump


def test_nor_a_second_copy_of_it(run, scratch):
    copied, head = scratch / "copied-ctk.vmdk", (DEMO / CTK).read_bytes()
    copied.write_bytes(head[:100] + head[44:60] + head[116:])
    dump = run("ctk", "show", copied, "--header-dump").stdout
    assert "52 de c0" not in dump.lower() and dump.count("xx") == 32, dump


@pytest.fixture
def raw(scratch):
    """A file that is no CTK file."""
    (scratch / "raw").write_bytes(b"what is this?" + bytes(2000))
    return scratch / "raw"


def test_without_a_signature_the_bytes_are_shown_as_they_are(run, raw):
    assert "xx" not in run("ctk", "show", raw, shows="|what is this?").stdout


def test_and_a_dump_that_is_sent_away_hides_where_a_uuid_would_be(run, raw):
    assert run("ctk", "show", raw, "--header-dump").stdout.count("xx") == 16


@pytest.mark.parametrize("form", ["", "--csv", "--json"])
def test_blocks_that_cannot_be_written_are_no_success(run, form):
    with open("/dev/full", "w") as full:
        run("ctk", "blocks", CTK, "--since", "1", *form.split(), stdout=full, status=8)


def test_a_file_in_use_is_told_and_is_no_failure(read):
    found = read("ctk", "show", DEMO / CTK, under=fault("openat,open", "error=EBUSY", DEMO / CTK), status=0)
    assert "in use" in found["files"][0]["notes"][0]


@pytest.fixture
def garbled(scratch):
    """A disk and its CTK file, whose header has lost all that it could be recognised by."""
    content = bytearray((DEMO / CTK).read_bytes())
    content[16:36] = bytes(20)
    (scratch / "app01-ctk.vmdk").write_bytes(content)
    (scratch / "app01.vmdk").write_bytes((DEMO / "app01/app01.vmdk").read_bytes())
    return scratch / "app01-ctk.vmdk"


def test_a_header_that_proves_nothing_is_not_understood_whatever_the_disk(read, garbled):
    found = read("ctk", "show", garbled)["files"][0]
    assert (found["layout"], found["understood"], found["block_size_bytes"]) == ("unrecognised", False, None), found


def test_and_is_not_good_enough_to_tell_what_changed(run, garbled):
    run("ctk", "blocks", garbled, "--since", "1", status=8, says="not understood")


def test_and_is_not_recognised_without_it(read, garbled):
    garbled.with_name("app01.vmdk").unlink()
    found = read("ctk", "show", garbled)["files"][0]
    assert (found["layout"], found["capacity_bytes"]) == ("unrecognised", None), found


# --- hostile names ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(module_scratch):
    """A datastore whose names do harm to whoever shows them, or lets a shell see them."""
    folder = module_scratch / "hostile"
    folder.mkdir()
    for name in ("$(touch pwned)\x1b[31m\n; rm -rf ~", "bad\udcff\udcfe"):
        copy_folder(FIXTURES / "healthy", folder / name)
    for path in ("pipe.vmx", "$(touch pwned)\x1b[31m\n; rm -rf ~/pipe.vmx"):
        os.mkfifo(folder / path)
    with open(folder / "huge.vmx", "wb") as file:
        file.write(b'config.version = "8"\n')
        file.truncate(1 << 30)
    return folder


@pytest.fixture
def hostile_machines(read, hostile):
    return {vm["config_path"]: vm for vm in read("scan", hostile)["virtual_machines"]}


@pytest.mark.parametrize("verb", ["scan", "check --deep"])
def test_control_bytes_of_hostile_names_are_escaped(run, hostile, verb):
    found = run(*verb.split(), hostile, text=False)
    assert b"touch pwned" in found.stdout and b"\x1b" not in found.stdout + found.stderr, found


@pytest.mark.parametrize("verb", ["scan", "check"])
def test_a_document_with_hostile_names_is_json_in_utf_8(read, hostile, verb):
    assert read(verb, hostile)["schema"].startswith("cbtctl.")


def test_a_fifo_by_a_configurations_name_is_told(hostile_machines):
    assert hostile_machines["pipe.vmx"]["unreadable"] == "is not a regular file"


def test_a_gigabyte_of_text_by_a_configurations_name_is_told(hostile_machines):
    assert "longer than" in hostile_machines["huge.vmx"]["unreadable"]


def test_a_path_that_is_no_utf_8_is_exact_in_path_base64(hostile_machines):
    exact = [base64.b64decode(vm["path_base64"]) for vm in hostile_machines.values() if "path_base64" in vm]
    assert any(path.startswith(b"bad\xff\xfe/") for path in exact), list(hostile_machines)


def test_messages_escape_the_control_characters_beyond_ascii_too(run):
    found = run("show", "no\x9bsuch", says="such")
    assert "\x9b" not in found.stderr


@pytest.mark.parametrize("verb", ["scan", "check --deep"])
def test_nothing_of_a_name_is_executed(program, hostile, scratch, verb):
    program.run(*verb.split(), hostile, cwd=scratch)
    assert not list(scratch.rglob("pwned")) and not list(hostile.rglob("pwned"))


def test_memory_is_bounded_whatever_the_size_of_a_file(program, program_path, hostile):
    if b"__asan_init" in program_path.read_bytes():
        pytest.skip("AddressSanitizer takes memory of its own")
    measure = ("import resource, subprocess, sys; "
               "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    found = program.run("scan", hostile, under=["/usr/bin/python3", "-c", measure])
    assert 0 < int(found.stdout) < 64 * 1024, found


# --- few files, few threads ------------------------------------------------------------------------------------------


@pytest.fixture
def many(scratch):
    """What a shell makes of datastore/*: more targets than a process may have files open at first."""
    folders = [scratch / "many" / str(number) for number in range(150)]
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def test_targets_may_be_more_than_the_files_that_may_be_open(run, many):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    run("scan", *many, status=0, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, most)))


def test_a_target_that_cannot_be_listed_is_told_by_its_name_and_makes_the_scan_incomplete(run, many):
    full = fault("openat", "error=EMFILE:when=3", many[0])  # after it was opened, and held against the others
    run("scan", many[0], many[1], under=full, status=8, says=f"{many[0]}: Too many open files",
        shows=f"not read: {many[0]}: Too")


@pytest.fixture(scope="module")
def large(module_scratch):
    """A CTK file of four million blocks, and two images of its disk: what several threads share where there are any."""
    blocks, paths = 1 << 22, [module_scratch / name for name in ("large-ctk.vmdk", "old.img", "new.img")]
    table = {0: vmware_files.ctk_header(blocks * 128, epoch=3), 1: vmware_files.ctk_entries(*[1, 2, 3] * 3)}
    vmware_files.write_sparse(paths[0], table, vmware_files.ctk_length(blocks * 128))
    for image in paths[1:]:
        image.write_bytes(b"d" * (32 << 20))
        os.truncate(image, blocks << 16)
    return dict(zip(("CTK", "OLD", "NEW"), map(str, paths)))


@pytest.mark.parametrize("line", ["ctk show CTK", "ctk blocks CTK --since 1", "scan .",
                                  "ctk verify --images OLD NEW CTK --since 0"])
def test_where_the_system_has_no_more_threads_one_does_the_work(run, large, line):
    words = [large.get(word, word) for word in line.split()]
    alone = run(*words, under=fault("clone,clone3", "error=EAGAIN"))
    assert alone.stdout and alone.stdout == run(*words).stdout, alone


# --- access times ----------------------------------------------------------------------------------------------------


def opened_below(lines, folder):
    """The calls of strace that open what lies in a datastore."""
    return [line for line in lines if "= -1" not in line and "O_RDONLY" in line
            and (f'"{folder}' in line or "RESOLVE_BENEATH" in line or re.search(r'openat\(\d', line))]


@pytest.mark.parametrize("line", ["scan .", "check . --deep", f"ctk show {CTK}", "chain app01/app01.vmdk"])
def test_reading_asks_the_system_to_leave_access_times_alone(program, line):
    _, calls = program.calls("openat,openat2", *line.split(), cwd=DEMO)
    opened = [call for call in opened_below(calls, "app01") if "/etc/" not in call and "/proc" not in call]
    assert opened and all("O_NOATIME" in call for call in opened)


def test_what_is_read_keeps_its_access_time(run, scratch):
    folder = copy_folder(DEMO, scratch / "ds")
    paths = [path for path in folder.rglob("*") if path.is_file()]
    for path in paths:
        os.utime(path, (1_000_000_000, path.stat().st_mtime))
    run("check", folder, "--deep")
    assert {path.stat().st_atime for path in paths} == {1_000_000_000}


def test_where_the_first_file_refuses_it_it_is_not_asked_again(program):
    """As it is for whoever reads another's files."""
    refuse = ["strace", "-f", "-qq", "-o", "/dev/stderr", "-e", "trace=openat,openat2", "-e",
              "inject=openat2:error=EPERM:when=1"]
    found = program.run("scan", ".", "--json", "--workers", 1, cwd=DEMO, under=refuse, status=0)
    below = [line for line in found.stderr.splitlines() if "openat2(" in line]
    assert len([line for line in below if "O_NOATIME" in line]) <= 1 < len(below)
    assert json.loads(found.stdout)["virtual_machines"]


# --- reading changes nothing: no byte, no mtime, no ctime, no new file -----------------------------------------------

READING = ["scan .", "check . --deep", "check . --format nagios",
           f"show db01/db01.vmx db01/db01.vmsd app01/app01.vmdk {CTK}", f"ctk show {CTK}",
           f"ctk blocks {CTK} --since *", f"ctk map {CTK}", f"ctk diff {CTK} {CTK}", "chain app01/app01.vmdk",
           "extents app01/app01.vmdk", "reset . --dry-run", "clean . --dry-run", "repair . --dry-run", "history"]


@pytest.mark.parametrize("form", ["", "--json"])
@pytest.mark.parametrize("line", READING)
def test_a_reading_verb_leaves_every_file_and_its_times_alone(run, line, form):
    before = times_of(DEMO)
    assert run(*line.split(), *form.split()).returncode in (0, 1, 2, 4)
    assert times_of(DEMO) == before
