"""--map REMOTE=LOCAL means the same to every verb that has it, and what it cannot mean is refused before anything is read
or changed."""
import pytest

from folders import FIXTURES, copy_folder, picture

VOLUME = "/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7"
OF_TARGETS = [["scan"], ["check"], ["enable", "--yes"], ["disable", "--yes"], ["reset", "--yes"], ["clean", "--yes"],
              ["repair", "--yes"], ["undo", "--yes"], ["history"], ["purge", "--yes"]]
OF_FILES = [["chain", "clone/clone.vmx"], ["extents", "clone/clone.vmx"], ["export", "clone/clone.vmx", "new.raw"],
            ["ctk", "map", "clone/clone-000001-ctk.vmdk"],
            ["ctk", "verify", "--delta", "clone/clone-000001.vmdk", "clone/clone-000001-ctk.vmdk"],
            ["ctk", "verify", "--images", "a", "b", "c", "--since", "1"]]
VERBS = [*([*verb, "."] for verb in OF_TARGETS), *OF_FILES, ["undo", "--yes"], ["history"], ["apply", "PLAN", "--yes"]]
NONSENSE = {"nonsense": "--map takes /REMOTE=LOCAL", "=/": "--map takes /REMOTE=LOCAL", "": "--map takes /REMOTE=LOCAL",
            "remote=.": "--map takes /REMOTE=LOCAL", f"{VOLUME}=missing": "missing: is not there",
            f"{VOLUME}=missing/": "missing/: is not there", f"{VOLUME}=": "--map takes /REMOTE=LOCAL",
            f"{VOLUME}=clone/clone.vmx": "clone/clone.vmx: is not a folder", f"{VOLUME}=ssh://esx1/x": "is not there"}


@pytest.fixture
def datastore(scratch):
    """One machine, whose disk is a clone of an image in another folder, and the program's folder."""
    (scratch / "ds").mkdir()
    for name in ("clone", "golden"):
        copy_folder(FIXTURES / "demo" / name, scratch / "ds" / name)
    return scratch / "ds"


@pytest.fixture
def run(program, datastore):
    """Runs a verb in the datastore; PLAN stands for a plan that can be applied."""
    def start(verb, *more, **expected):
        if "PLAN" in verb and not (datastore.parent / "plan").exists():
            program.run("reset", ".", "--plan-out", datastore.parent / "plan", status=None, cwd=datastore)
        words = [datastore.parent / "plan" if word == "PLAN" else word for word in verb]
        return program.run(*words, *more, cwd=datastore, **expected)
    return start


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_nonsense_is_refused_by_every_verb(run, datastore, verb):
    before = picture(datastore)
    for text, reason in NONSENSE.items():
        found = run(verb, "--map", text, status=16, says=reason)
        assert found.stdout == ""
    assert picture(datastore) == before


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_one_wrong_among_several_is_enough(run, verb):
    run(verb, "--map", "/elsewhere=.", "--map", "/elsewhere", status=16, says="--map takes /REMOTE=LOCAL")


@pytest.fixture
def moved(datastore):
    """The clone's parent lies where only --map can tell."""
    descriptor = datastore / "clone/clone-000001.vmdk"
    text = descriptor.read_text()
    assert f"{VOLUME}/golden/" in text
    descriptor.write_text(text.replace(f"{VOLUME}/golden/", "/elsewhere/images/"))
    return datastore


@pytest.mark.parametrize("mapping", ["/elsewhere/images=golden", "/elsewhere/images/=golden", "/elsewhere/images=golden/",
                                     "/elsewhere/=elsewhere//", "/=root"])
def test_a_last_slash_counts_for_nothing(program, moved, mapping):
    (moved / "elsewhere").mkdir()
    (moved / "elsewhere/images").symlink_to(moved / "golden")
    (moved / "root").mkdir()
    (moved / "root/elsewhere").symlink_to(moved / "elsewhere")
    (disk,) = program.json("chain", "clone/clone.vmx", "--map", f"{moved}/golden=golden", "--map", mapping,
                           cwd=moved, status=0)["disks"]
    assert disk["links"][-1]["descriptor"].endswith("golden.vmdk")
    assert "//" not in disk["links"][-1]["descriptor"]


def test_without_it_the_parent_is_not_there(program, moved):
    program.run("chain", "clone/clone.vmx", cwd=moved, says="is not there")


@pytest.mark.parametrize("mapping", ["/elsewhere/images=golden", "/elsewhere/images/=golden/"])
def test_a_scan_understands_the_same_text(program, moved, mapping):
    (machine,) = program.json("scan", "clone", "--map", mapping, cwd=moved)["virtual_machines"]
    (disk,) = machine["disks"]
    assert disk["cbt"]["state"] != "unreadable", disk["cbt"]
