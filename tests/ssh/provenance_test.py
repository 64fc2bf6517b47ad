"""--provenance of a host: the same digests as of a mount."""
import pytest

from folders import FIXTURES
from schemas import violations

DEMO = f"demo::661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7={FIXTURES}/demo"


def digests(document):
    return {file["path"]: (file["size_bytes"], file["modified"], file["sha256"])
            for file in document["provenance"]["files"]}


@pytest.mark.parametrize("transport", ["shell", "sftp"])
def test_a_host_s_configurations_and_descriptors_have_the_digests_that_a_mount_tells(program, started, demo, transport):
    host = started("8.0", [DEMO])
    found = program.json("scan", host.target("/vmfs/volumes/demo"), "--ssh-config", host.ssh_config, "--transport",
                         transport, "--provenance")
    assert violations(found) == []
    there, here = digests(found), digests(program.json("scan", demo, "--provenance"))
    same = [path for path in here if path.endswith((".vmx", ".vmsd"))]
    assert len(same) > 10 and all(there[path] == here[path] for path in same)
    assert there["app01/app01.vmdk"] == here["app01/app01.vmdk"]


def test_a_file_of_a_host_is_recorded_as_it_is_read(program, started, demo):
    host = started("8.0", [DEMO])
    name = host.target("/vmfs/volumes/demo/app01/app01.vmx")
    found = program.json("show", name, "--ssh-config", host.ssh_config, "--provenance")
    assert digests(found)[name] == digests(program.json("scan", demo, "--provenance"))["app01/app01.vmx"]
