"""Files of a host as arguments: every verb that takes a file says of ssh://... what it says of it on a mount."""
import json
import subprocess

import pytest

import vmware_files

UUID = "661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7"
HOST = {"profile": "8.0", "datastores": [f"my ds [50%]::{UUID}=fixtures/demo"]}
ON_HOST = "ssh://esx/vmfs/volumes/my%20ds%20%5B50%25%5D"
VERIFY = "ctk verify --delta @/db01/db01-000001.vmdk @/db01/db01-ctk.vmdk --since"
SAME = [(0, "show @/app01/app01.vmx", ""),
        (0, "show @/app01/app01.vmdk", ""),
        (0, "show @/app01/app01-ctk.vmdk", ""),
        (0, "show @/db01/db01.vmsd", ""),
        (0, "show @/db01/db01-000001-delta.vmdk", ""),
        (0, "ctk show @/app01/app01-ctk.vmdk @/db01/db01-ctk.vmdk", "epoch"),
        (0, "ctk blocks @/app01/app01-ctk.vmdk --since 1", "268959744"),
        (0, "ctk map @/app01/app01-ctk.vmdk", ""),
        (0, "ctk diff @/app01/app01-ctk.vmdk @/app01/app01-ctk.vmdk", ""),
        (0, "chain @/hosted/hosted.vmx", "monolithicSparse"),
        (0, "extents @/hosted/hosted.vmx", ""),
        (8, "show @/app01/none.vmx", "is not there"),
        (16, "show @/app01", "@/app01: is a folder, expected a file; cbtctl scan reads it"),
        (16, "chain @/app01", "cbtctl scan reads it"),
        (16, "export @/app01/app01-ctk.vmdk none.raw", "cbtctl ctk show reads it"),
        (16, "ctk show @/app01/app01.vmdk", "its CTK file is app01-ctk.vmdk"),
        (16, "ctk map @/hosted/hosted.vmdk", "it names no CTK file"),
        (None, f"{VERIFY} 2", ""),
        (None, f"{VERIFY} *", "")]


class Place:
    """Where the files lie: `@` in an argument stands for it, and what is printed has it again."""

    def __init__(self, program, place, *options):
        self.program, self.place, self.options = program, str(place), options

    def run(self, *arguments):
        words = [str(argument).replace("@", self.place) for argument in arguments]
        found = self.program.run(*words, *self.options)
        return found.returncode, found.stdout.replace(self.place, "@"), found.stderr.replace(self.place, "@")


@pytest.fixture
def mounted(program, demo):
    return Place(program, demo)


@pytest.fixture
def remote(program, host):
    return Place(program, ON_HOST, "--ssh-config", host.ssh_config)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("status, command, shows", SAME, ids=[command for _, command, _ in SAME])
def test_a_file_is_the_same_on_a_host(remote, mounted, status, command, shows, form):
    here, there = (place.run(*command.split(), *form) for place in (mounted, remote))
    assert there == here
    assert there[0] == (mounted.run(*command.split())[0] if status is None else status)
    assert shows in there[1] + there[2]


def test_what_is_kept_of_a_flat_file_is_known_on_a_mount_alone(remote, mounted):
    here, there = (json.loads(place.run("show", "@/app01/app01-flat.vmdk", "--json")[1])["files"][0]
                   for place in (mounted, remote))
    assert isinstance(here.pop("allocated_bytes"), int) and there.pop("allocated_bytes") is None
    assert there == here, "all else of it is the same"


@pytest.mark.parametrize("disk", ["hosted/hosted.vmdk", "hosted/hosted_1.vmdk", "hosted/hosted_2.vmdk"])
def test_the_same_image_is_exported_from_a_host(remote, mounted, scratch, disk):
    for place, image in ((mounted, "mount.raw"), (remote, "host.raw")):
        told = place.run("export", f"@/{disk}", scratch / image, "--sha256")
        assert told[0] == 0, told
    compared = subprocess.run(["cmp", scratch / "mount.raw", scratch / "host.raw"], capture_output=True, text=True)
    assert compared.returncode == 0, compared


def test_a_renamed_copy_on_a_host_is_itself_whatever_name_is_written_in_it(remote, host, scratch):
    """A sparse file with a descriptor inside, which names another that lies beside it."""
    folder, inside = host.volume("my ds [50%]") / "hosted", vmware_files.descriptor(
        "monolithicSparse", ['RW 8192 SPARSE "hosted.vmdk"'])
    vmware_files.write_sparse(folder / "copy.vmdk", *vmware_files.monolithic(8192, [1], inside.encode()))
    told = remote.run("export", "@/hosted/copy.vmdk", scratch / "copy.raw", "--no-hash")
    assert told[0] == 0, told
    assert (scratch / "copy.raw").read_bytes() == bytes(65536) + b"\2" * 65536 + bytes(62 * 65536)


def test_what_is_not_there_is_not_exported(remote, scratch):
    image = scratch / "none.raw"
    assert remote.run("export", "@/lost/none.vmdk", image)[0] == 8 and not list(scratch.glob("none*"))


def test_a_parent_in_another_folder_is_found_on_the_host(remote):
    """A chain that leads there by the volume's name or UUID."""
    status, text, _ = remote.run("chain", "@/clone/clone.vmx", "--json")
    assert status == 0 and f"ssh://esx/vmfs/volumes/{UUID}/golden/golden.vmdk" in text


def test_a_host_that_refuses_is_told_for_each_file(program, host):
    refused = Place(program, ON_HOST, "--ssh-config", host.config_behind(1))
    status, _, told = refused.run("show", "@/app01/app01.vmx", "@/db01/db01.vmx")
    assert status == 8 and told.count("the connection is refused") == 2


def test_a_password_in_the_name_is_no_name(program):
    program.run("show", "ssh://root:secret@esx/x", status=16)


