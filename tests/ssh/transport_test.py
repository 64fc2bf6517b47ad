"""By the shell and by SFTP the same is told, whatever the host's shell is like, whatever names, denials and changes lie
on it; and the cost is counted."""
import json
import re
import shutil
import subprocess
import threading
import time

import pytest

from folders import FIXTURES
from make_recipe import cook

HEALTHY, DEMO, HOSTILE = (FIXTURES / name for name in ("healthy", "demo", "hostile"))
TRANSPORTS = ("shell", "sftp")
EACH_TRANSPORT = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture
def healthy_host(standin):
    return standin("8.0", [f"ds={HEALTHY}"])


@pytest.fixture
def scan(program):
    return lambda host, *arguments, **more: scanned(program, host, *arguments, **more)


def scanned(program, host, *arguments, target="ssh://esx", verb="scan"):
    """A run that prints JSON, and the document."""
    found = program.run(verb, target, "--ssh-config", host.ssh_config, "--json", *arguments)
    return found, json.loads(found.stdout)


def machine(report, path):
    return next((vm for vm in report["virtual_machines"] if vm["config_path"].endswith(path)), None)


# --- what answers in the place of the login shell ---------------------------------------------------------------------


@pytest.fixture
def login_shell(healthy_host):
    """login_shell(script): from then on it is the administrator's shell."""
    def answers(script):
        login, accounts = healthy_host.root / "bin/login-shell", healthy_host.root / "etc/passwd"
        login.write_text(f"#!/bin/sh\n{script}\n")
        login.chmod(0o755)
        account = ":Administrator:/:/bin/"
        accounts.write_text(accounts.read_text().replace(f"{account}sh", f"{account}login-shell"))
    return answers


def test_words_before_the_script_are_no_data(scan, healthy_host, login_shell):
    _, whole = scan(healthy_host)
    login_shell("echo welcome to this host\necho one more line >&2\nexec /bin/sh \"$@\"")
    _, noisy = scan(healthy_host, "--transport", "shell")
    assert noisy["virtual_machines"] == whole["virtual_machines"] != []


def test_a_shell_that_floods_is_left(scan, healthy_host, login_shell):
    login_shell("while :; do echo flood flood flood flood flood flood flood; done")
    begin = time.monotonic()
    found, _ = scan(healthy_host, "--timeout", 2)
    assert found.returncode == 8 and time.monotonic() - begin < 40


def test_a_shell_that_hangs_is_left(scan, healthy_host, login_shell):
    login_shell("sleep 1000")
    found, _ = scan(healthy_host, "--timeout", 1)
    assert found.returncode == 8 and "no answer for 1 s" in found.stderr


def test_a_shell_that_ends_is_told(scan, healthy_host, login_shell):
    login_shell("exit 3")
    assert scan(healthy_host, "--transport", "shell")[0].returncode == 8


# --- what answers in the place of the listing script: no word of it becomes data --------------------------------------


@pytest.fixture
def listing(healthy_host):
    """listing(words): from then on these answer in the place of the listing script."""
    shell = healthy_host.root / "bin/sh"
    right = shell.readlink()

    def answers(words):
        shell.unlink()
        shell.write_text(f"#!/bin/ash\ncase $2 in *'! -name .'*) printf '{words}' \"$t\" \"$t\" \"$t\" \"$t\" ;; "
                         "*) exec /bin/ash \"$@\" ;; esac\n")
        shell.chmod(0o755)
    yield answers
    shell.unlink()
    shell.symlink_to(right)


@pytest.mark.parametrize("words", [
    "%s s 81a4 1 8 1 1 ./../../escaped %s x\\n", "%s s nonsense\\n", "%s end 0\\n%s end 0\\n", "%s zz\\n",
    "%s l\\n%s l\\n%s l\\n%s l\\n", "not a record\\n"])
def test_a_listing_that_cannot_be_understood_is_an_error(scan, healthy_host, listing, words):
    listing(words)
    wrong, report = scan(healthy_host, "--transport", "shell")
    assert wrong.returncode == 8 and "root@esx: " in wrong.stderr and report["virtual_machines"] == [], wrong


# --- hosts that lack something ----------------------------------------------------------------------------------------

BOTH = [f"demo={DEMO}", f"hostile={HOSTILE}"]


@pytest.fixture(scope="module")
def by_sftp(module_program, started):
    """What is told by SFTP of a host that lacks nothing."""
    return scanned(module_program, started("6.7", BOTH), "--transport", "sftp")[1]


@pytest.fixture(scope="module", params=["--no-shell", "--without stat", "--without xargs", "--without find"])
def lacking(request, module_program, started):
    """What a host lacks, and what is told of it."""
    return request.param, scanned(module_program, started("6.7", BOTH, request.param.split()))[1]


def test_sftp_tells_the_same_where_something_is_lacking(lacking, by_sftp):
    _, report = lacking
    assert report["ctk_files"] == by_sftp["ctk_files"] != []
    paths, expected = (sorted(vm["config_path"] for vm in told["virtual_machines"]) for told in (report, by_sftp))
    assert paths == expected and len(paths) > 25


def test_what_the_host_knows_is_told_where_commands_run(lacking):
    lacks, report = lacking
    target = report["targets"][0]
    knows = lacks in ("--without stat", "--without find")  # commands run, files are read by SFTP
    assert (target["host"] is not None) == knows
    assert not knows or target["inventory"]["registered"]


def test_without_either_nothing_can_be_read(scan, standin):
    neither, _ = scan(standin("6.7", [f"ds={HEALTHY}"], ["--no-shell", "--no-sftp"]))
    assert neither.returncode == 8 and "subsystem" in neither.stderr, neither


# --- hostile names ----------------------------------------------------------------------------------------------------

HOSTILE_NAME = "bad $(touch pwned) `touch pwned` 'x"
LINES = "line\nend/\n-c '\"$IFS*.vmx"  # a folder and a file


@pytest.fixture(scope="module")
def hostile(module_program, started):
    """The host, and what each transport tells of it."""
    host = started("8.0", [f"{HOSTILE_NAME}={HOSTILE}"])
    (host.volume(HOSTILE_NAME) / LINES).parent.mkdir()
    shutil.copy(HEALTHY / "one/one.vmx", host.volume(HOSTILE_NAME) / LINES)
    return host, [scanned(module_program, host, "--transport", transport)[1] for transport in TRANSPORTS]


def paths_of(report):
    return [vm["config_path"] for vm in report["virtual_machines"]]


def test_both_transports_tell_the_same_of_hostile_names(hostile):
    assert paths_of(hostile[1][0]) == paths_of(hostile[1][1])


@pytest.mark.parametrize("which", range(len(TRANSPORTS)), ids=TRANSPORTS)
def test_a_name_with_line_ends_is_one(hostile, which):
    assert any(path.endswith("/" + LINES) for path in paths_of(hostile[1][which]))


def test_hostile_names_are_as_many_as_on_a_mount(hostile, program):
    host, reports = hostile
    on_mount = paths_of(program.json("scan", host.volume(HOSTILE_NAME)))
    assert len(on_mount) == len(paths_of(reports[0])) > 5


def test_nothing_in_a_hostile_name_is_executed(hostile):
    found = [str(path) for path in hostile[0].root.rglob("pwned*") if "proc" not in path.parts]
    assert [path for path in found if "fixtures" not in path and not path.endswith("$(touch pwned)")] == []


# --- an account that may not read everything: what is denied is told, the rest is read --------------------------------


def let_everybody_read(volume):
    for path in [volume, *volume.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture(scope="module", params=TRANSPORTS)
def denied(request, module_program, started):
    """A scan by somebody to whom a folder and a .vmx are denied, and one of that folder alone."""
    host = started("8.0", [f"ds={HEALTHY}"])
    volume = host.volume("ds")
    let_everybody_read(volume)
    (volume / "one").chmod(0)
    (volume / "two/two.vmx").chmod(0)
    (volume / "empty").mkdir(mode=0o755)
    targets = ("ssh://reader@esx", "ssh://reader@esx/vmfs/volumes/ds/one")
    yield [scanned(module_program, host, "--transport", request.param, target=target) for target in targets]
    host.reset()


def test_an_account_that_may_read_all_reads_all(scan, healthy_host):
    let_everybody_read(healthy_host.volume("ds"))
    found, report = scan(healthy_host, target="ssh://reader@esx")
    assert found.returncode == 0 and len(report["virtual_machines"]) == 3, found


def test_a_folder_that_is_denied_is_told(denied):
    found, report = denied[0]
    assert found.returncode == 8 and "/one: permission denied" in found.stderr.lower()
    assert [folder["path"] for folder in report["unreadable_folders"]] == ["ds/one"]


def test_a_file_that_is_denied_is_listed(denied):
    assert "ermission denied" in machine(denied[0][1], "two.vmx")["unreadable"]


def test_what_is_not_denied_is_read(denied):
    assert machine(denied[0][1], "three.vmx")["disks"]


def test_an_empty_folder_is_no_trouble(denied):
    assert "empty" not in denied[0][0].stderr


def test_a_target_that_is_denied_has_an_error_with_its_name(denied):
    found, report = denied[1]
    error = report["targets"][0]["error"]
    assert found.returncode == 8 and error and "ds/one" in error and "denied" in error


# --- files that change between their listing and their reading --------------------------------------------------------


@pytest.fixture
def meanwhile(standin, scan):
    """meanwhile("change PATH"): a report of a host where this happens right then; `@` is the volume."""
    host = standin("8.0", [f"demo={DEMO}"], ["--busy"])

    def changed(script):
        if script:
            host.before_next_read(script.replace("@", f"/vmfs/volumes/{host.volume('demo').name}") + "\n")
        found, report = scan(host, target="ssh://esx/vmfs/volumes/demo")
        assert (host.root / "standin/now").exists() == bool(script), "the script has run"
        assert found.returncode in (0, 8), found
        return report
    return changed


def test_a_file_that_grows_is_read_again(meanwhile):
    whole = machine(meanwhile(""), "half/half.vmx")
    grown = machine(meanwhile("echo 'annotation = \"grew\"' >>@/half/half.vmx"), "half/half.vmx")
    assert grown["disks"] == whole["disks"] != []


def test_a_vmx_that_vanishes_is_told(meanwhile):
    assert machine(meanwhile("rm @/db01/db01.vmx"), "db01/db01.vmx")["unreadable"] == "vanished while it was read"


def test_a_ctk_file_that_vanishes_is_not_verified_and_is_no_finding(meanwhile):
    lost = meanwhile("rm @/old01/old01-ctk.vmdk")
    assert lost["exit_status"] == 8
    assert machine(lost, "old01/old01.vmx")["disks"][0]["chain"][0]["ctk"]["valid"] is None


def test_a_descriptor_that_is_replaced_is_never_half_of_each(meanwhile):
    assert len(machine(meanwhile("printf x >@/app01/app01.vmdk"), "app01/app01.vmx")["disks"]) == 2


RUNNING = """vm a/a.vmx power=on
  disk scsi0:0 a-000001.vmdk
disk a/a.vmdk 16M flat cid=1b77e0d4
disk a/a-000001.vmdk 16M cowd parent=a.vmdk
vmsd a/a.vmsd
  snapshot scsi0:0=a.vmdk
"""


def test_a_snapshot_that_is_deleted_while_a_host_is_checked_is_told_as_changing(standin, program, tmp_path):
    host = standin("8.0", [f"ds={cook(RUNNING, tmp_path / 'ds')}"], ["--busy"])
    folder = f"/vmfs/volumes/{host.volume('ds').name}/a"
    host.before_next_read(f"cd {folder}; rm a-000001* x-Snapshot1.vmsn; : >a.vmsd; sed -i s/a-000001/a/ a.vmx\n")
    found, report = scanned(program, host, verb="check")
    assert found.returncode == 0 and report["findings"] == []
    assert "changing" in {each["reason"] for each in report["skipped"]}


FILER = """vm a/a.vmx
  disk scsi0:0 a.vmdk
disk a/a.vmdk 16M flat
ctk .snapshot/daily/a/a-ctk.vmdk 16M
ctk "#recycle/a-ctk.vmdk" 16M
vm a/@eaDir/b.vmx
"""


@EACH_TRANSPORT
def test_a_filers_folders_are_not_entered(scan, standin, tmp_path, transport):
    host = standin("8.0", [f"ds={cook(FILER, tmp_path / 'ds')}"])
    _, report = scan(host, "--transport", transport)
    assert [each["path"] for each in report["not_entered"]] == ["ds/#recycle", "ds/.snapshot", "ds/a/@eaDir"]
    assert [vm["config_path"] for vm in report["virtual_machines"]] == ["ds/a/a.vmx"] and report["ctk_files"] == []


@EACH_TRANSPORT
def test_a_target_in_a_filers_folder_is_entered(scan, standin, tmp_path, transport):
    host = standin("8.0", [f"ds={cook(FILER, tmp_path / 'ds')}"])
    _, report = scan(host, "--transport", transport, target="ssh://esx/vmfs/volumes/ds/.snapshot")
    assert [each["path"] for each in report["ctk_files"]] == ["daily/a/a-ctk.vmdk"] and report["not_entered"] == []


# --- files that change all the time: each scan is whole, or says what changed -----------------------------------------


class Changes:
    """Files of the machine `one` grow, shrink, come and go for the length of a `with`."""

    def __init__(self, folder):
        self.folder, self.text = folder, (folder / "one.vmx").read_text()
        self.count, self.stop, self.worker = 0, threading.Event(), threading.Thread(target=self.work)

    def work(self):
        while not self.stop.is_set():
            self.count += 1
            note = f'note{self.count} = "{"x" * (self.count % 977)}"\n'
            (self.folder / "one.vmx").write_text(self.text + note)
            snapshots = "" if self.count % 2 else '.encoding = "UTF-8"\nsnapshot.lastUID = "1"\n'
            (self.folder / "one.vmsd").write_text(snapshots)
            (self.folder / "comes.vmx").write_text(self.text)
            (self.folder / "comes.vmx").unlink()

    def __enter__(self):
        self.worker.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.worker.join()


@EACH_TRANSPORT
def test_what_changes_all_the_time_is_read_or_told_and_the_rest_is_read(scan, healthy_host, transport):
    with Changes(healthy_host.volume("ds") / "one") as changes:
        for _ in range(6):
            before = changes.count
            found, report = scan(healthy_host, "--transport", transport)
            assert changes.count > before + 1, "nothing has changed meanwhile"
            names = {vm["name"] for vm in report["virtual_machines"] if not vm.get("unreadable")}
            assert {"two", "three"} <= names and found.returncode in (0, 8), found
            assert "changed" in found.stderr or "is empty" in found.stdout or "one" in names, found


# --- costs: waits do not grow with the number of machines, and requests by SFTP stay few and travel together ----------


@pytest.fixture(scope="module")
def costs(module_program, module_scratch, started):
    """(transport, number of machines) -> waits, requests, and how many were outstanding at most."""
    measured = {}
    for count in (2, 60):
        place = module_scratch / str(count)
        place.mkdir()
        for number in range(count):
            subprocess.run(["cp", "-a", "--sparse=always", HEALTHY / "one", place / f"vm{number:03}"], check=True)
        host = started("8.0", [f"ds={place}"])
        for transport in TRANSPORTS:
            found, _ = scanned(module_program, host, "--transport", transport, "--verbose", verb="check")
            assert found.returncode in (0, 4), found
            told = re.search(r"after the login (\d+) waits, (\d+) requests, at most (\d+) outstanding", found.stderr)
            measured[transport, count] = tuple(map(int, told.groups()))
    return measured


def test_by_the_shell_a_check_waits_at_most_5_times_however_many_machines_there_are(costs):
    """What is asked first costs no wait of its own."""
    assert costs["shell", 2][0] == costs["shell", 60][0] <= 5


def test_by_sftp_each_machine_costs_at_most_20_requests(costs):
    assert 0 < costs["sftp", 60][1] - costs["sftp", 2][1] <= 20 * 58


def test_by_sftp_many_requests_are_under_way(costs):
    assert costs["sftp", 60][2] >= 64
