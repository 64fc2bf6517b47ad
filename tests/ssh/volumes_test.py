"""Volumes that several hosts, or one under several names, show: which are one, which are two, and who is asked."""
import os
import subprocess

import pytest

from make_recipe import cook

VMFS = "65f1c2aa-3b0c9d1e-77aa-0050569a1b2c"
SHARES = ("c2a7b7d1-3e0f0d1b", "eca5bd35-3a696585")  # what ESXi makes of a server's name and its share
WEB = "vm web/web.vmx ctk=TRUE\n  disk scsi0:0 web.vmdk ctk=TRUE\ndisk web/web.vmdk 16M flat ctk=web-ctk.vmdk\n"
AHEAD = WEB + "ctk web/web-ctk.vmdk 16M epoch=4 entries=0-3:1,7:5\n"
WEB += "ctk web/web-ctk.vmdk 16M\n"


@pytest.fixture
def reads(program, scratch):
    """reads(verb, [host, ...], ...): the document about hosts that are called one, two, ... in this order."""
    def read(verb, hosts, *arguments, path=""):
        names = ("one", "two", "three")[:len(hosts)]
        config = scratch / "ssh_config"
        config.write_text("".join(host.ssh_config.read_text().replace("Host esx", f"Host {name}")
                                  for name, host in zip(names, hosts)))
        return program.json(verb, *(f"ssh://{name}{path}" for name in names), "--ssh-config", config, *arguments)
    return read


def seen(report):
    return [(vm["config_path"], vm["seen_by"]) for vm in report["virtual_machines"]]


# --- one UUID ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copy, machines", [
    (WEB, [("ds/web/web.vmx", [0, 1])]),
    (WEB + "vm later/later.vmx\n", [("ds/web/web.vmx", [0]), ("ds/later/later.vmx", [1]), ("ds/web/web.vmx", [1])]),
    (WEB.replace("web.vmx ctk=TRUE", "web.vmx"), [("ds/web/web.vmx", [0]), ("ds/web/web.vmx", [1])]),
    (WEB.replace("16M flat", "17M flat"), [("ds/web/web.vmx", [0]), ("ds/web/web.vmx", [1])]),
], ids=["the same", "a machine more", "another configuration", "a disk that was extended"])
@pytest.mark.parametrize("path", ["", f"/vmfs/volumes/{VMFS}"], ids=["all volumes", "the volume"])
def test_one_uuid_with_two_contents_is_two(standin, reads, tmp_path, copy, machines, path):
    hosts = [standin("8.0", [f"ds::{VMFS}={cook(recipe, tmp_path / str(number))}"])
             for number, recipe in enumerate((WEB, copy))]
    report = reads("scan", hosts, path=path)
    assert seen(report) == [(vm.removeprefix("ds/") if path else vm, targets) for vm, targets in machines]
    assert all(disk["cbt"]["state"] != "unreadable" for vm in report["virtual_machines"] for disk in vm["disks"])


# --- one export under two names ---------------------------------------------------------------------------------------


def shares(host, other=None, how="-al"):
    """The export `a` of a host by another name, of this host or of another: `b`."""
    volumes = (other or host).root / "vmfs/volumes"
    subprocess.run(["cp", how, host.volume("a"), volumes / SHARES[1]], check=True)
    os.symlink(SHARES[1], volumes / "b")


@pytest.mark.parametrize("how, transport, machines", [
    ("-al", "shell", ["a/web/web.vmx"]), ("-a", "shell", ["a/web/web.vmx", "b/web/web.vmx"]),
    ("-al", "sftp", ["a/web/web.vmx", "b/web/web.vmx"])], ids=["the same files", "a copy", "no inodes"])
def test_an_export_under_two_names_is_one_where_inodes_tell_it(program, started, tmp_path, how, transport, machines):
    host = started("8.0", [f"a:NFS:{SHARES[0]}={cook(WEB, tmp_path / 'a')}"])
    shares(host, how=how)
    found = program.run("scan", "ssh://esx", "--ssh-config", host.ssh_config, "--transport", transport, "--csv")
    assert [path for path in ("a/web/web.vmx", "b/web/web.vmx") if path in found.stdout] == machines
    assert ("cannot be told" in found.stderr) == (transport == "sftp")


def test_an_export_under_the_names_of_two_hosts_is_one(started, reads, tmp_path):
    one = started("8.0", [f"a:NFS:{SHARES[0]}={cook(WEB, tmp_path / 'a')}"])
    two = started("7.0", [f"c={cook('vm x/x.vmx', tmp_path / 'c')}"])
    shares(one, two)
    report = reads("scan", [one, two])
    assert seen(report) == [("a/web/web.vmx", [0, 1]), ("c/x/x.vmx", [1])]


# --- who is asked -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refusing, codes", [((0,), ["ctk-epoch-ahead"]), ((0, 1), [])])
def test_a_deep_look_asks_the_other_host_that_sees_the_file(standin, reads, tmp_path, refusing, codes):
    datastore = f"ds::{VMFS}={cook(AHEAD, tmp_path / 'ds')}"
    hosts = [standin(release, [datastore], ["--busy"]) for release in ("7.0", "8.0")]
    for number in refusing:
        hosts[number].add("busy", f"/vmfs/volumes/{VMFS}/web/web-ctk.vmdk", "Device or resource busy")
    report = reads("check", hosts, "--deep")
    assert [finding["code"] for finding in report["findings"]] == codes


def test_what_only_the_other_host_may_read_stands_when_it_is_read_again(standin, reads, tmp_path):
    running = WEB.replace("ctk=TRUE\n  disk", "ctk=TRUE power=on\n  disk").replace("ctk web/", "ctk web/not-")
    datastore = f"ds::{VMFS}={cook(running, tmp_path / 'ds')}"
    hosts = [standin(release, [datastore], ["--busy"]) for release in ("7.0", "8.0")]
    hosts[0].add("busy", f"/vmfs/volumes/{VMFS}/web/web.vmx", "Invalid argument")
    report = reads("check", hosts)
    assert "ctk-missing" in {finding["code"] for finding in report["findings"]}, report["skipped"]
