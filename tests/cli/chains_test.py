"""Random chains of every kind against qemu-img, libvmdk and their recipes; tools/fuzz/chains is the long form."""
import subprocess


def test_thirty_random_chains_are_what_qemu_img_and_libvmdk_and_their_recipes_say(program_path, source):
    """The tool fails too where neither of the two has read any of them."""
    tool = [source / "tools/fuzz/chains", "--cbtctl", program_path, "--first", "1030", "--count", "30"]
    found = subprocess.run(tool, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
