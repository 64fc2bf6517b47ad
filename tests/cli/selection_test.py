"""Contract, section 2, selection: --vm, --vm-file, --disk and --allow-unmatched, and what they match or do not."""
import base64
import json
import unicodedata

import pytest

import vmware_files

VMX = ('config.version = "8"\nvirtualHW.version = "13"\ncleanShutdown = "TRUE"\nscsi0:0.present = "TRUE"\n'
       'scsi0:0.fileName = "{stem}.vmdk"\ndisplayName = "{name}"\n')
TARGET_VERBS = ["scan", "check", "enable", "disable", "reset", "clean", "repair", "purge"]


def make_machine(folder, name):
    folder.mkdir(parents=True)
    stem = folder.name
    (folder / f"{stem}.vmx").write_text(VMX.format(stem=stem, name=name))
    (folder / f"{stem}.vmdk").write_bytes(vmware_files.descriptor("vmfs", [f'RW 2048 VMFS "{stem}-flat.vmdk"']).encode())
    (folder / f"{stem}-flat.vmdk").write_bytes(bytes(2048 * 512))


@pytest.fixture
def datastore(scratch):
    top = scratch / "ds"
    for stem, name in [("srv", "srv-110"), ("odd", "Web [prod] 100%25"), ("koeln", "Köln"), ("loud", "!loud"),
                       ("twin1", "twin"), ("twin2", "Twin")]:
        make_machine(top / stem, name)
    return top


@pytest.fixture
def selected(read, datastore):
    """The .vmx files that `scan` tells of."""
    return lambda *words, **more: [vm["config_path"] for vm in
                                   read("scan", datastore, *words, **more)["virtual_machines"]]


# --- what matches ----------------------------------------------------------------------------------------------------


def test_a_name_that_scan_printed_selects_its_machine(read, selected, datastore):
    for machine in read("scan", datastore)["virtual_machines"]:
        name = machine["name"].replace("!", "\\!") if machine["name"].startswith("!") else machine["name"]
        assert machine["config_path"] in selected("--vm", name)
        assert selected("--vm", machine["config_path"]) == [machine["config_path"]]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_found_in_either_unicode_form_and_case(selected, form):
    assert selected("--vm", unicodedata.normalize(form, "kÖLN")) == ["koeln/koeln.vmx"]


def test_an_exclusion_is_no_name_and_a_backslash_makes_it_one(selected):
    assert selected("--vm", "\\!loud") == ["loud/loud.vmx"]
    assert "loud/loud.vmx" not in selected("--vm", "!loud/*") and len(selected("--vm", "!twin*")) == 4


def test_a_file_of_names_is_read_a_line_each(selected, scratch):
    names = scratch / "names"
    names.write_text("\ufeff# of the night\n\n  srv-110\r\nWeb [prod] 100%\n")
    assert selected("--vm-file", names) == ["odd/odd.vmx", "srv/srv.vmx"]
    assert selected("--vm-file", "-", stdin="Köln\n") == ["koeln/koeln.vmx"]


def test_targets_come_from_standard_input(read, datastore):
    assert len(read("scan", "--targets-file", "-", stdin=f"# all\n{datastore}  # of it\n")["virtual_machines"]) == 6


# --- what matches nothing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", TARGET_VERBS)
@pytest.mark.parametrize("words", [("--vm", "srv-1l0"), ("--disk", "scsi0:7"), ("--vm", "srv-110", "--vm", "!srv*")])
def test_a_selector_that_matches_nothing_ends_every_verb_with_16_and_changes_nothing(run, datastore, verb, words):
    if verb == "purge" and words[0] == "--disk":
        words = ("--vm", "nobody")
    before = sorted(datastore.rglob("*"))
    more = ["--yes"] if verb not in ("scan", "check") else []
    found = run(verb, datastore, *words, *more, status=16)
    assert not found.stdout and words[1] in found.stderr
    assert sorted(datastore.rglob("*")) == before


def test_the_document_has_each_with_the_nearest(read, datastore):
    document = read("reset", datastore, "--vm", "srv-1l0", "--vm", "zzzzzz", "--yes", status=16)
    assert document["schema"] == "cbtctl.error/1" and document["exit_status"] == 16
    assert document["unmatched"] == [{"option": "--vm", "value": "srv-1l0", "nearest": ["srv-110"]},
                                     {"option": "--vm", "value": "zzzzzz", "nearest": []}]
    assert [message["level"] for message in document["messages"]] == ["error", "error"]


def test_a_plug_in_is_unknown(run, datastore):
    found = run("check", datastore, "--vm", "srv-1l0", "--format", "nagios", status=3)
    assert found.stdout.startswith("CBTCTL UNKNOWN - ") and "srv-1l0" in found.stdout


def test_where_a_target_could_not_be_read_it_is_a_warning_in_the_report(read, datastore, scratch):
    for verb in ("scan", "check"):
        document = read(verb, datastore, scratch / "gone", "--vm", "nobody", status=8)
        assert document["schema"].startswith(f"cbtctl.{verb}/")
        assert [each["value"] for each in document["unmatched"]] == ["nobody"]
        assert "warning" in [message["level"] for message in document["messages"]]
    plan = read("reset", datastore, scratch / "gone", "--vm", "nobody", "--dry-run", status=8)
    assert [each["value"] for each in plan["unmatched"]] == ["nobody"] and not plan["plan"]["changes"]


def test_allow_unmatched_makes_it_a_warning_and_nothing_more(run, read, datastore):
    run("scan", datastore, "--vm", "nobody", "--allow-unmatched", status=0, says="nobody")
    assert read("scan", datastore, "--vm", "nobody", "--allow-unmatched", status=0)["virtual_machines"] == []


def test_an_exclusion_that_matches_nothing_is_a_warning(run, datastore):
    run("scan", datastore, "--vm", "!nobody", status=0, says="!nobody")


@pytest.mark.parametrize("words", [("--vm", ""), ("--vm", "!"), ("--disk", "Hard disk 1"), ("--disk", ""),
                                   ("--vm-file", "/dev/null"), ("--vm-file", "nowhere")])
@pytest.mark.parametrize("verb", TARGET_VERBS)
def test_what_can_be_no_selector_is_a_usage_error(run, datastore, verb, words):
    assert not run(verb, datastore, *words, status=16).stdout


# --- verbs that write ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["enable", "disable", "reset", "clean", "repair"])
def test_a_name_of_two_machines_is_a_usage_error_with_both_paths(run, datastore, verb):
    found = run(verb, datastore, "--vm", "twin", "--yes", status=16)
    assert f"{datastore}/twin1/twin1.vmx" in found.stderr and f"{datastore}/twin2/twin2.vmx" in found.stderr


def test_a_path_or_a_glob_of_them_is_none(read, datastore):
    def planned(*words):
        return {change["vm"] for change in read("enable", datastore, *words, "--dry-run", status=0)["plan"]["changes"]}
    assert planned("--vm", "twin1/twin1.vmx") == {"twin1/twin1.vmx"}
    assert planned("--vm", "twin?") == {"twin1/twin1.vmx", "twin2/twin2.vmx"}


def test_undo_and_history_select_by_the_same_rule(run, read, datastore):
    run("enable", datastore, "--vm", "koeln", "--vm", "srv-110", "--yes", status=0)
    assert run("history", "--vm", "nobody", status=16).stderr
    run("undo", "--vm", "srv-1l0", "--yes", status=16, says="srv-110")
    run("undo", "--disk", "scsi0:0", "--yes", status=16)
    assert [vm["vm"] for vm in read("history", "--vm", "KÖLN")["runs"][0]["machines"]] == ["koeln/koeln.vmx"]
    restored = read("undo", "--vm", "köln", "--yes", status=0)["results"]
    assert [result["vm"] for result in restored] == ["koeln/koeln.vmx"]


# --- other tools' ways -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target, form", [
    ("root@esx1", "ssh://root@esx1"), ("root@esx1:/vmfs/volumes/ds1", "ssh://root@esx1/vmfs/volumes/ds1"),
    ("esx1:/vmfs/volumes/my ds", "ssh://esx1/vmfs/volumes/my ds"),
    ("[ds1] web01/web01.vmx", "ssh://HOST/vmfs/volumes/ds1/web01/web01.vmx")])
@pytest.mark.parametrize("verb", ["scan", "chain", "show", "ctk show"])
def test_another_tools_way_to_name_a_host_gets_the_form_to_type(run, verb, target, form):
    run(*verb.split(), target, status=16, says=form)


@pytest.mark.parametrize("name", ["root@esx1", "[ds1] web01"])
def test_a_folder_that_is_called_so_is_a_target(read, scratch, name):
    make_machine(scratch / name / "a", "a")
    assert read("scan", name, status=0)["summary"]["virtual_machines"] == 1
