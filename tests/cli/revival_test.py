"""No writing verb ever makes a disk tracked, whatever stood in the files and whatever choices are named, one verb after
another: a CTK file that missed writes would be believed. --rounds says of how many random datastores."""
import functools
import os
import random

import pytest

import vmware_files

SECTORS = 2048
CHOICES = ["cbt-disk-key-missing=enable", "cbt-disk-key-missing=disable", "cbt-vm-key-missing=enable",
           "cbt-vm-key-missing=disable", "cbt-key-misspelt=rename", "cbt-key-misspelt=remove", "cbt-key-malformed=true",
           "cbt-key-malformed=false", "cbt-key-malformed=remove", "vmx-duplicate-key=keep-first",
           "vmx-duplicate-key=keep-last", "chain-cid-mismatch=adopt-parent-cid", "ctk-covers-less=restart",
           "ctk-unrecognised=restart", "ctk-size-mismatch=restart", "descriptor-version-mismatch=restart"]


def rounds(config):
    return range(config.getoption("rounds") or 60)


def pytest_generate_tests(metafunc):
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", rounds(metafunc.config))


# --- a random datastore ----------------------------------------------------------------------------------------------


def tracking(chance):
    covers = chance.choice((SECTORS, SECTORS, SECTORS, SECTORS // 2))
    if chance.random() < 0.1:
        return chance.choice((b"", b"no CTK file at all", b"\0" * 576))
    return vmware_files.ctk_file(covers, uuid=chance.randbytes(16))


def key_lines(key, chance):
    """None, one or two lines, in every spelling that people use."""
    typographic = "\N{LEFT DOUBLE QUOTATION MARK}TRUE\N{RIGHT DOUBLE QUOTATION MARK}"
    values = [*['"TRUE"'] * 9, '"FALSE"', '"true"', typographic, '"yes"', '""']
    names = [*[key] * 9, key.lower(), key.replace("ctkEnabled", "CTKENABLED"), key.replace("ctkEnabled", "ctkEnable")]
    return [f"{chance.choice(names)} = {chance.choice(values)}" for _ in range(chance.choice((0, *[1] * 9, 2)))]


def disk_lines(name, base, slot, chance):
    lines = [f'{slot}.present = "TRUE"', f'{slot}.fileName = "{base}.vmdk"', *key_lines(f"{slot}.ctkEnabled", chance)]
    if chance.random() < 0.1:
        lines.append(f'{slot}.fileName = "{name}.vmdk"')
    if chance.random() < 0.1:
        lines.append(f'{slot}.mode = "independent-persistent"')
    return lines


def make_disk(folder, name, base, chance):
    named = chance.random() < 0.75
    version = chance.choice((3, 3, 3, 1, 2)) if named else chance.choice((1, 1, 1, 3))
    track = f"{chance.choice((base, base, base, base, name))}-ctk.vmdk" if named else None
    text = vmware_files.descriptor("vmfs", [f'RW {SECTORS} VMFS "{base}-flat.vmdk"'], ctk=track, version=version)
    (folder / f"{base}.vmdk").write_text(text)
    (folder / f"{base}-flat.vmdk").touch()
    os.truncate(folder / f"{base}-flat.vmdk", SECTORS * 512)
    if chance.random() < 0.85:
        (folder / f"{base}-ctk.vmdk").write_bytes(tracking(chance))


def make_machine(folder, name, chance):
    folder.mkdir(parents=True)
    vmx = ['config.version = "8"', 'virtualHW.version = "13"', 'cleanShutdown = "TRUE"', f'displayName = "{name}"',
           *key_lines("ctkEnabled", chance)]
    if chance.random() < 0.15:
        vmx += [f"ctkDisallowed = {chance.choice(('TRUE', 'FALSE', 'maybe'))}"]
    for disk in range(chance.choice((1, 2, 3))):
        base = name if disk == 0 else f"{name}_{disk}"
        vmx += disk_lines(name, base, f"scsi0:{disk}", chance)
        make_disk(folder, name, base, chance)
    chance.shuffle(vmx)
    (folder / f"{name}.vmx").write_text("\n".join(vmx) + "\n")


def some_verb(chance):
    verb = chance.choice(("repair", "repair", "repair", "enable", "disable", "reset", "clean"))
    if verb == "clean":
        return [verb, "--min-age", "0"]
    words = [verb]
    if verb == "repair":
        named = {}
        for choice in chance.sample(CHOICES, chance.randint(1, 8)):
            named.setdefault(choice.split("=")[0], choice)
        words += [word for choice in named.values() for word in ("--choose", choice)]
    if chance.random() < 0.25:
        words += ["--disk", f"scsi0:{chance.randint(0, 2)}", "--allow-unmatched"]
    return words


# --- four verbs on it ------------------------------------------------------------------------------------------------


def tracked_in(states):
    return {place for place, state in states.items() if state == "tracked"}


def live(program, folder, chance):
    """(whether a disk was tracked, how many of four verbs changed something)"""
    make_machine(folder / "a", "a", chance)
    before, story, changed = program.states(folder), [], 0
    was_tracked = bool(tracked_in(before))
    for _ in range(4):
        words = some_verb(chance)
        story.append(" ".join(words))
        done = program.json(*words, folder, "--yes")
        assert done["exit_status"] in (0, 4), (story, done)
        changed += any(result["outcome"] == "changed" for result in done.get("results") or [])
        now = program.states(folder)
        assert tracked_in(now) <= tracked_in(before), (story, before, (folder / "a/a.vmx").read_text())
        before = now
    return was_tracked, changed


@pytest.fixture(scope="module")
def lived(module_program, module_scratch, request):
    """What became of the datastore of a number, told once for each."""
    seed = request.config.getoption("seed")
    return functools.cache(lambda number: live(module_program, module_scratch / str(number),
                                               random.Random(f"{seed}/{number}")))


def test_no_verb_makes_a_disk_tracked(lived, number):
    lived(number)


def test_the_datastores_had_tracked_disks_and_the_verbs_changed_something(lived, request):
    """Else nothing would have been shown by the others."""
    outcomes = [lived(number) for number in rounds(request.config)]
    assert sum(was_tracked for was_tracked, _ in outcomes) * 10 > len(outcomes)
    assert sum(changed for _, changed in outcomes) > len(outcomes)
