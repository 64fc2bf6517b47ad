"""Random chains of every kind against qemu-img, libvmdk and their recipes, renamed copies and damaged headers against
qemu-img; tools/fuzz/chains and tools/fuzz/headers are the long forms."""
import subprocess


def test_thirty_random_chains_are_what_qemu_img_and_libvmdk_and_their_recipes_say(program_path, source):
    """The tool fails too where neither of the two has read any of them."""
    tool = [source / "tools/fuzz/chains", "--cbtctl", program_path, "--first", "1030", "--count", "30"]
    found = subprocess.run(tool, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_no_export_of_a_renamed_copy_or_of_a_damaged_header_differs_from_what_qemu_img_reads(program_path, source):
    tool = [source / "tools/fuzz/headers", "--cbtctl", program_path, "--first", "2000", "--count", "8"]
    found = subprocess.run(tool, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
