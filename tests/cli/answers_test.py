"""Contract, sections 2 to 4: what a script is told: statuses, documents, CSV, and the words that do not change."""
import csv
import hashlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from folders import FIXTURES, copy_folder

DEMO = FIXTURES / "demo"


@pytest.fixture
def demo_copy(scratch):
    return copy_folder(DEMO, scratch / "ds")


# --- what repair and clean leave -------------------------------------------------------------------------------------


def test_repair_tells_what_it_leaves_and_ends_with_4_where_an_error_is_left(read, demo_copy):
    document = read("repair", demo_copy, "--yes", status=4)
    left = {(each["code"], each["path"]): each for each in document["remaining"]}
    assert left["ctk-covers-less", "grown/grown-ctk.vmdk"]["command"]
    assert left["vmx-damaged", "zeros/zeros.vmx"]["command"] is None
    after = {(each["code"], each["path"], each["fingerprint"]) for each in read("check", demo_copy)["findings"]}
    assert {(*key, each["fingerprint"]) for key, each in left.items()} <= after
    assert len(document["remaining"]) == len(after)


def test_a_dry_run_tells_what_the_run_would_leave(read, demo_copy):
    codes = [{(each["code"], each["path"]) for each in read("repair", demo_copy, word, status=4)["remaining"]}
             for word in ("--dry-run", "--yes")]
    assert codes[0] - codes[1] == set() and {code for code, _ in codes[1] - codes[0]} <= {"cbt-pending"}


def test_a_command_that_is_told_mends_what_it_is_told_for(program, read, demo_copy):
    [grown] = [each for each in read("repair", demo_copy, "--dry-run")["remaining"] if each["code"] == "ctk-covers-less"]
    words = shlex.split(grown["command"])
    assert words[0] == "cbtctl"
    program.run(*words[1:], "--yes", "--fail-on", "none", status=0)
    assert "ctk-covers-less" not in {each["code"] for each in read("check", demo_copy)["findings"]}


def test_a_code_that_is_a_choice_is_left_and_says_so(run, demo_copy):
    run("repair", demo_copy, "--only", "ctk-covers-less", "--dry-run", status=4, shows="--choose ctk-covers-less=restart")


@pytest.mark.parametrize("words, status", [(["--fail-on", "none"], 0), (["--fail-on", "critical"], 4),
                                           (["--vm", "quiet"], 0), (["--vm", "quiet", "--fail-on", "note"], 4)])
def test_fail_on_counts_what_is_left_of_the_selected_machines(run, demo_copy, words, status):
    run("repair", demo_copy, "--dry-run", *words, status=status)


def test_clean_counts_by_the_same_rule(run, read, demo_copy):
    assert read("clean", demo_copy, "--dry-run", status=4)["remaining"]
    run("clean", demo_copy, "--dry-run", "--vm", "quiet", status=0)


# --- undo ------------------------------------------------------------------------------------------------------------


def test_undo_of_a_place_that_cannot_be_reached_could_not_look(run, read, demo_copy, scratch):
    run("reset", demo_copy, "--vm", "lost", "--yes", status=0)
    demo_copy.rename(scratch / "away")
    found = run("undo", "--yes", "--json", status=8)
    assert "ds" in found.stderr
    assert {each["reason"] for each in json.loads(found.stdout)["plan"]["refused"]} == {"unreachable"}


# --- documents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["nosuch", "scan", "check . --fail-on much", "check . --only nosuch", "reset . --vm ''",
                                  "ctk blocks app01/app01-ctk.vmdk", "export app01/app01.vmdk", "undo nosuch",
                                  "scan . --nosuch", "scan . --color mauve"])
def test_a_verb_that_is_misused_says_so_in_json(program, line):
    document = program.json(*shlex.split(line), cwd=DEMO, status=16)
    assert document["schema"] == "cbtctl.error/1" and document["exit_status"] == 16
    assert document["error"] == document["messages"][-1]["text"]


def test_a_verb_that_is_answered_no_says_so_in_json(program, demo_copy):
    shown = program.on_terminal("reset", demo_copy, "--vm", "app01", "--json", answers=[(b"Type yes to go on: ", b"no\n")])
    assert shown.returncode == 32 and '"schema": "cbtctl.error/1"' in shown.stdout


def test_without_a_terminal_a_verb_that_asks_says_so_in_json(read, demo_copy):
    assert read("reset", demo_copy, "--vm", "app01", status=16)["schema"] == "cbtctl.error/1"


def test_a_verb_that_is_interrupted_says_so_in_json(program):
    waiting = program.start("scan", "--targets-file", "-", "--json", stdin=subprocess.PIPE)
    for _ in range(300):  # till it reads standard input, where the system tells
        if "pipe" in Path(f"/proc/{waiting.pid}/wchan").read_text():
            break
        time.sleep(0.01)
    waiting.send_signal(signal.SIGINT)
    document = json.loads(waiting.communicate(timeout=10)[0])
    assert (waiting.returncode, document["exit_status"], document["schema"]) == (32, 32, "cbtctl.error/1")


def test_messages_are_what_was_told(read, scratch):
    document = read("scan", DEMO, scratch / "gone", status=8)
    assert [(each["level"], each["target"]) for each in document["messages"]] == [("error", 1)]
    assert list(document)[-1] == "messages"


def test_csv_and_json_are_two_forms(run):
    run("scan", DEMO, "--csv", "--json", status=16)


@pytest.mark.parametrize("line", ["scan", "check", "reset --dry-run"])
def test_quiet_prints_no_report_but_a_machine_format(run, line):
    verb, *words = line.split()
    assert run(verb, DEMO, *words, "-q").stdout == ""
    assert run(verb, DEMO, *words, "-q", "--json").stdout.startswith("{")
    assert run(verb, DEMO, *words, "-q", "--csv").stdout.startswith("location,vm,name,")


def test_short_options(run, demo_copy):
    assert "to change" in run("reset", demo_copy, "--vm", "lost", "-n").stdout
    run("reset", demo_copy, "--vm", "lost", "-y", status=0)


def test_a_dumb_terminal_has_no_colour(program):
    shown = program.on_terminal("check", DEMO, env={"TERM": "dumb"})
    assert "\x1b" not in shown.stdout and "ctk-covers-less" in shown.stdout


def test_a_full_disk_is_told(program):
    with open("/dev/full", "wb") as full:
        found = program.run("scan", DEMO, stdout=full)
    assert found.returncode & 8 and "standard output cannot be written" in found.stderr


# --- words for scripts -----------------------------------------------------------------------------------------------


def test_each_reason_has_its_code(read):
    disks = [disk for vm in read("scan", DEMO)["virtual_machines"] for disk in vm["disks"]]
    assert all(len(disk["cbt"]["reasons"]) == len(disk["cbt"]["reason_codes"]) for disk in disks)
    by_code = {code for disk in disks for code in disk["cbt"]["reason_codes"]}
    assert {"hardware-too-old", "independent", "physical-rdm", "disallowed", "disk-key-false", "disk-key-missing",
            "ctk-covers-less", "ctk-missing", "contradicting-keys"} <= by_code
    assert {disk["cbt"]["verified"] for disk in disks} == {True, False}


def test_a_hosted_format_is_unsupported(read, scratch):
    folder = scratch / "ws"
    folder.mkdir()
    subprocess.run(["qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", folder / "a.vmdk", "4M"],
                   check=True)
    (folder / "a.vmx").write_text('config.version = "8"\nvirtualHW.version = "13"\nscsi0:0.present = "TRUE"\n'
                                  'scsi0:0.fileName = "a.vmdk"\nctkEnabled = "TRUE"\nscsi0:0.ctkEnabled = "TRUE"\n')
    [machine] = read("scan", folder)["virtual_machines"]
    assert machine["disks"][0]["cbt"]["state"] == "unsupported"
    assert machine["disks"][0]["cbt"]["reason_codes"] == ["hosted-format"]
    assert "cbt-unsupported-disk" in {each["code"] for each in read("check", folder)["findings"]}


@pytest.mark.parametrize("verb", ["reset", "enable", "repair"])
def test_a_plan_names_the_target_of_everything(read, demo_copy, verb):
    plan = read(verb, FIXTURES / "healthy", demo_copy, "--dry-run")["plan"]
    assert {each["target"] for each in plan["refused"] + plan["unchanged"] + plan["changes"]} >= {1}


def test_tables_name_the_target_as_soon_as_there_are_two(run):
    for verb in ("scan", "check"):
        assert "TARGET" not in run(verb, DEMO).stdout
        assert "TARGET" in run(verb, DEMO, FIXTURES / "healthy").stdout


# --- CSV -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["scan", "check", "reset --dry-run", "enable --dry-run", "repair --dry-run"])
def test_every_table_about_machines_begins_alike(run, line):
    verb, *words = line.split()
    rows = list(csv.DictReader(io.StringIO(run(verb, DEMO, *words, "--csv").stdout)))
    assert rows and list(rows[0])[:3] == ["location", "vm", "name"]
    assert {row["location"] for row in rows} == {str(DEMO)}
    assert ("app01/app01.vmx", "app01") in {(row["vm"], row["name"]) for row in rows}


def test_results_and_history_are_csv_too(run, demo_copy):
    done = list(csv.DictReader(io.StringIO(run("reset", demo_copy, "--vm", "lost", "--yes", "--csv").stdout)))
    assert [(row["vm"], row["kind"]) for row in done] == [("lost/lost.vmx", "changed")]
    [run_of] = csv.DictReader(io.StringIO(run("history", "--csv").stdout))
    assert (run_of["vm"], run_of["verb"], run_of["outcome"]) == ("lost/lost.vmx", "reset", "changed")


def test_compare_is_csv_too(run, program, scratch, demo_copy):
    for name in ("old", "new"):
        (scratch / name).write_text(run("scan", demo_copy, "--json").stdout)
        (demo_copy / "app01/app01.vmx").unlink(missing_ok=True)
    [gone] = csv.DictReader(io.StringIO(run("compare", scratch / "old", scratch / "new", "--csv", status=4).stdout))
    assert (gone["kind"], gone["vm"], gone["name"]) == ("vm-gone", "app01/app01.vmx", "app01")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_cell_is_a_formula(run, scratch, name):
    (scratch / "a").mkdir()
    (scratch / "a/a.vmx").write_text(f'config.version = "8"\nvirtualHW.version = "13"\ndisplayName = "{name}"\n'
                                     'scsi0:0.present = "TRUE"\nscsi0:0.fileName = "a.vmdk"\n')
    rows = csv.DictReader(io.StringIO(run("scan", scratch / "a", "--csv").stdout))
    assert [row["name"] for row in rows] == ["'" + name]


# --- monitoring ------------------------------------------------------------------------------------------------------


def test_a_plug_in_lists_the_worst_ten_below_its_line(run):
    first, *more = run("check", DEMO, "--format", "nagios", status=2).stdout.splitlines()
    assert first.startswith("CBTCTL CRITICAL") and len(more) == 11 and more[-1].startswith("and ")
    severities = [line.split(":")[0] for line in more[:-1]]
    assert severities == sorted(severities, key=["critical", "error", "warning", "note"].index)
    assert not any("|" in line for line in more)


def test_a_plug_in_whose_target_is_missing_is_unknown_with_a_line(run):
    assert run("check", "nowhere", "--format", "nagios", status=3).stdout.startswith("CBTCTL UNKNOWN")


def test_nothing_found_is_not_said_of_what_was_not_read(run, scratch):
    (scratch / "a").mkdir()
    (scratch / "a/a.vmx").write_text('config.version = "8"\nencryption.keySafe = "x"\nencryption.data = "y"\n')
    shown = run("check", scratch / "a").stdout
    assert "1 unreadable" in shown and not re.search("nothing found$", shown, re.M)
    assert "(1 unreadable)" in run("scan", scratch / "a").stdout


# --- export to a pipe ------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(scratch):
    raw = scratch / "small.raw"
    raw.write_bytes(bytes(65536) + os.urandom(4096) + bytes(3 << 20))
    subprocess.run(["qemu-img", "convert", "-q", "-O", "vmdk", "-o", "subformat=monolithicSparse", raw,
                    scratch / "small.vmdk"], check=True)
    return raw


def test_export_to_a_dash_streams_the_image(run, small_disk, scratch):
    found = run("export", "small.vmdk", "-", text=False, status=0)
    image = found.stdout[:small_disk.stat().st_size]
    assert hashlib.sha256(image).digest() == hashlib.sha256(small_disk.read_bytes()).digest()
    assert len(found.stdout) % 512 == 0 and not (scratch / "-").exists()
    assert b"SHA-256 of the data extents" in found.stderr


def test_its_report_goes_to_standard_error_in_json_too(run, small_disk):
    found = run("export", "small.vmdk", "-", "--json", text=False, status=0)
    assert found.stdout[:65536] == bytes(65536) and json.loads(found.stderr)["schema"] == "cbtctl.export/1"


def test_a_pipe_that_is_closed_makes_no_whole_image(program, small_disk, scratch):
    reader, writer = os.pipe()
    os.close(reader)
    found = program.run("export", "small.vmdk", "-", stdout=writer, cwd=scratch)
    os.close(writer)
    assert found.returncode == 8 and "standard output" in found.stderr


def test_no_image_on_a_terminal_and_no_resume_from_a_pipe(program, run, small_disk, scratch):
    assert program.on_terminal("export", "small.vmdk", "-", cwd=scratch).returncode == 16
    run("export", "small.vmdk", "-", "--resume", status=16)
