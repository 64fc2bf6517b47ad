"""The stand-in for an ESXi host keeps what it promises: OpenSSH set up as ESXi's, its applets and no more, and commands
that say what the state says in the form of each release. Asked by OpenSSH's own client."""
import re
import subprocess

import pytest

HALF = "/vmfs/volumes/ds 1/half/half-flat.vmdk"


@pytest.fixture(scope="module", params=["6.0", "6.7", "7.0", "8.0"])
def release(request):
    return request.param


@pytest.fixture(scope="module")
def module_host(started, release):
    return started(release, ["ds 1=fixtures/demo"])


@pytest.fixture(scope="module")
def talk(module_host):
    """What OpenSSH's client tells of a login."""
    return module_host.ssh("true", "-vv").stderr.replace("\r", "")


@pytest.fixture(scope="module")
def algorithms(talk):
    """What the server offers."""
    server = talk[talk.index("peer server KEXINIT proposal"):]
    return {name: re.search(f"debug2: {name}: (.*)", server).group(1).strip().split(",")
            for name in ("KEX algorithms", "host key algorithms", "ciphers ctos", "MACs ctos")}


@pytest.fixture(scope="module")
def registered(module_host):
    """The lines of the host's list of virtual machines."""
    return module_host.ssh("vim-cmd vmsvc/getallvms").stdout.splitlines()


def test_neither_ed25519_nor_chacha20_is_offered(algorithms):
    assert not re.search("25519|chacha", str(algorithms))


def test_the_host_key_is_of_the_release_s_kind(release, algorithms):
    assert ("ssh-rsa" if release == "6.0" else "ecdsa-sha2-nistp256") in algorithms["host key algorithms"]


def test_one_logs_in_by_key_or_keyboard_interactive_and_not_by_password(talk):
    assert "can continue: publickey,keyboard-interactive\n" in talk


def test_the_right_password_is_let_in(host):
    assert host.ssh_with_password("echo in").stdout == "in\n"


def test_a_wrong_password_is_not_let_in(host):
    assert "Permission denied (publickey,keyboard-interactive)" in host.ssh_with_password("echo in", "wrong").stderr


def test_applets_that_esxi_lacks_are_gone(host):
    assert host.ssh("echo x | tr x y").returncode == 127


def test_they_are_gone_also_where_busybox_is_asked_for_them(host):
    assert "not found" in host.ssh("/usr/lib/vmware/busybox/bin/busybox base64 /bin/sh").stderr


def test_the_other_applets_work(host):
    assert host.ssh("echo abc | sed s/b/x/ | awk '{print $1}'").stdout == "axc\n"


def test_the_name_of_a_volume_is_a_link(host):
    at = host.ssh("cd -P '/vmfs/volumes/ds 1' && pwd").stdout
    assert at == f"/vmfs/volumes/{host.volume('ds 1').name}\n"


def test_nothing_of_the_machine_outside_is_there(host):
    assert host.ssh("ls -d /vmfs /work /proc /home").stdout == "/vmfs\n"


def test_the_version_is_the_release_s(host, release):
    version = re.search(r"^VMware ESXi (\d\.\d\.\d) build-\d+\n", host.ssh("vmware -v").stdout)
    assert version and version.group(1).startswith(release)


def test_an_invalid_machine_is_told_first(registered):
    assert registered[0].startswith("Skipping invalid VM '")


def test_the_rows_of_the_machines_are_sorted_as_strings(registered):
    ids = [row.split()[0] for row in registered[2:]]
    assert ids == sorted(ids) and "10" in ids


def test_the_rows_are_padded_on_8_alone(registered, release):
    assert (max(map(len, registered[2:])) > 250) == (release == "8.0")


def test_faults_go_to_standard_output_in_the_release_s_form(host, release):
    fault = host.ssh("vim-cmd vmsvc/power.getstate 999")
    assert fault.returncode == 1 and fault.stdout.startswith("(vim.fault.NotFound) {")
    assert ("null, \n" in fault.stdout) == (release != "8.0")


def test_there_is_json_from_7_on(host, release):
    told = host.ssh("esxcli --formatter=json vm process list").stdout
    assert told.startswith("Unable to find requested formatter") == (release < "7") and told


def test_a_power_state_is_told(host):
    told = host.ssh(f"vim-cmd vmsvc/power.getstate {host.id_of('half')}").stdout
    assert told.endswith("\nPowered on\n")


def test_the_process_list_says_what_the_state_says(host):
    assert "Display Name: half\n" in host.ssh("esxcli vm process list").stdout
    host.set_power("half", "off")
    assert "Display Name: half\n" not in host.ssh("esxcli vm process list").stdout


def test_a_file_is_free_until_the_state_says_who_locks_it(host):
    host.set_power("half", "off")
    assert "mode 0, owner" in host.ssh(f"vmkfstools -D '{HALF}'").stdout
    host.add("lock", HALF, 1, "00:50:56:aa:bb:cc")
    assert "mode 1, owner 00000000-00000000-0000-005056aabbcc" in host.ssh(f"vmkfstools -D '{HALF}'").stdout
    assert "['00:50:56:aa:bb:cc']" in host.ssh(f"vmfsfilelockinfo -p '{HALF}'").stdout


def test_tasks_are_told(host):
    identity = host.id_of("half")
    host.add("task", identity, f"haTask-{identity}-vim.VirtualMachine.createSnapshot-3887")
    assert "createSnapshot-3887'" in host.ssh(f"vim-cmd vmsvc/get.tasklist {identity}").stdout


def test_an_answer_can_be_planned(host):
    host.answer("esxcli vm process list", "Liste des machines\n", 3)
    planned = host.ssh("esxcli vm process list")
    assert (planned.stdout, planned.returncode) == ("Liste des machines\n", 3)


def test_sftp_lists_the_volumes(host):
    assert "/vmfs/volumes/ds 1" in host.sftp("ls /vmfs/volumes\n").stdout


def test_without_a_shell_nothing_runs_and_sftp_is_there(standin):
    host = standin("8.0", options=["--no-shell"])
    assert host.ssh("echo in").stdout == "This account is currently not available.\n"
    assert host.sftp("pwd\n").returncode == 0


def test_applets_can_be_left_out(standin):
    host = standin("6.0", options=["--without", "stat,timeout"])
    assert host.ssh("stat /").returncode == 127
    assert host.ssh("timeout 1 true").returncode == 127


def test_without_sftp_the_shell_is_there(standin):
    host = standin("8.0", options=["--no-sftp"])
    assert host.sftp("pwd\n").returncode != 0
    assert host.ssh("echo in").stdout == "in\n"


def test_a_file_that_a_machine_holds_cannot_be_read(standin):
    host = standin("8.0", ["ds=fixtures/demo"], ["--busy"])
    file = f"/vmfs/volumes/{host.volume('ds').name}/lost/lost.vmx"
    host.add("busy", file, "Device or resource busy")
    busy = host.ssh("cd /vmfs/volumes/ds && head -c 4 lost/lost.vmx old01/old01.vmx")
    assert busy.returncode == 1 and "lost.vmx: Device or resource busy" in busy.stderr
    assert "==> old01/old01.vmx <==" in busy.stdout
    got = host.sftp(f"get {file} /dev/null\n")
    assert got.returncode != 0 and "Failure" in got.stderr


def test_a_host_is_put_back_as_it_was(standin):
    host = standin("8.0", ["ds=fixtures/demo"])
    one = host.volume("ds") / "half/half.vmx"
    before, state = one.read_bytes(), host.state.read_bytes()
    host.set_power("half", "off")
    host.answer("vmware -v", "nothing\n")
    one.write_bytes(before + b"#\n")
    host.reset()
    assert (one.read_bytes(), host.state.read_bytes()) == (before, state) and not list(host.answers.iterdir())


def test_what_is_no_stand_in_is_not_stopped(source, scratch):
    again = subprocess.run([source / "tools/esxi-standin", "stop", "--dir", scratch], capture_output=True, text=True)
    assert again.returncode != 0 and "holds no stand-in" in again.stderr
