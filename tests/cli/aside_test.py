"""Nothing is moved aside, and nothing is deleted for good, but a CTK file: whatever a changeTrackPath names, and whatever
an orphan is called. One datastore holds every kind at once; after each verb all guest data is there, byte for byte."""
import base64
import hashlib
import json
import os
import shutil

import pytest

import vmware_files

SECTORS = 2048
CTK = vmware_files.ctk_file(SECTORS)
KEYS = 'ctkEnabled = "TRUE"\nscsi0:0.ctkEnabled = "TRUE"\n'
VERBS = [("reset",), ("enable",), ("disable",), ("repair", "--min-age", "0s"),
         ("repair", "--min-age", "0s", "--choose", "ctk-unrecognised=restart"),
         ("repair", "--min-age", "0s", "--choose", "ctk-orphan=quarantine", "--choose", "ctk-leftover=quarantine"),
         ("clean", "--min-age", "0s"), ("clean", "--min-age", "0s", "--any-layout")]
MIB = 1 << 20

# What each machine's descriptor names as its CTK file.
NAMED = {
    "ownflat": "ownflat-flat.vmdk",
    "otherflat": "../victim/victim-flat.vmdk",
    "runflat": "../running/running-flat.vmdk",
    "runlock": "../running/running.vmx.lck",
    "runctk": "../running/running-ctk.vmdk",
    "piece": "../pieces/pieces-f001.vmdk",
    "lostpiece": "../lost/old-f001.vmdk",
    "lostflat": "../lost/c-flat.vmdk",
    "oddextent": "../odd/q-ctk.vmdk",
    "owndescriptor": "owndescriptor.vmdk",
    "otherdescriptor": "../victim/victim.vmdk",
    "ownvmx": "ownvmx.vmx",
    "emptyvmsd": "emptyvmsd.vmsd",
    "fullvmsd": "../snapped/snapped.vmsd",
    "nvram": "nvram.nvram",
    "log": "vmware.log",
    "delta": "../snapped/snapped-000001-delta.vmdk",
    "sesparse": "../snapped/snapped-000002-sesparse.vmdk",
    "subfolder": "things",
    "linkflat": "link.vmdk",
    "linkctk": "link.vmdk",
    "fifo": "pipe",
    "missing": "missing-ctk.vmdk",
    "outside": "/vmfs/volumes/elsewhere/x/x-ctk.vmdk",
    "dotdot": "../../beside-ctk.vmdk",
    "emptyctk": "emptyctk-ctk.vmdk",
    "garbage": "garbage-ctk.vmdk",
    "large": "large-ctk.vmdk",
    "largeelsewhere": "big/far-ctk.vmdk",
    "newname": "newname.vmdk.new",
    "real": "real-ctk.vmdk",
}
# Files that are no guest data: what may be moved, and what is edited.
MAY_GO = {"emptyctk/emptyctk-ctk.vmdk", "garbage/garbage-ctk.vmdk", "newname/newname.vmdk.new", "real/real-ctk.vmdk",
          "orphans/gone-ctk.vmdk", "orphans/nothing-ctk.vmdk", "orphans/odd-ctk.vmdk"}


def flat(path, seed, sectors=SECTORS):
    """Guest data that differs from disk to disk."""
    path.write_bytes(hashlib.sha256(seed.encode()).digest() * (sectors * 16))


def machine(folder, name, ctk=None, keys="", off=True):
    folder.mkdir(parents=True, exist_ok=True)
    shut = "TRUE" if off else "FALSE"
    (folder / f"{name}.vmx").write_text(
        f'config.version = "8"\nvirtualHW.version = "13"\ndisplayName = "{name}"\ncleanShutdown = "{shut}"\n'
        f'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "{name}.vmdk"\n{keys}')
    extents = [f'RW {SECTORS} VMFS "{name}-flat.vmdk"']
    (folder / f"{name}.vmdk").write_text(vmware_files.descriptor("vmfs", extents, ctk=ctk))
    flat(folder / f"{name}-flat.vmdk", name)
    (folder / f"{name}.vmsd").touch()
    (folder / f"{name}.nvram").write_bytes(b"MRVN" + name.encode() * 40)
    (folder / "vmware.log").write_text(f"2026-01-01T00:00:00.000Z| vmx| I125: Log for {name}\n" * 10)
    return folder


def others(ds):
    """The machines whose files are named by others, and what lies there without a machine."""
    machine(ds / "victim", "victim")
    (machine(ds / "pointed", "pointed") / "spare.vmdk.old").write_bytes(CTK)
    running = machine(ds / "running", "running", ctk="running-ctk.vmdk", keys=KEYS, off=False)
    (running / "running-ctk.vmdk").write_bytes(CTK)
    (running / "running.vmx.lck").write_bytes(b"")
    (running / "running-1234.vswp").write_bytes(b"swap")
    snapped = machine(ds / "snapped", "snapped")
    (snapped / "snapped.vmsd").write_text('snapshot.lastUID = "1"\nsnapshot.needConsolidate = "FALSE"\n')
    for name, made in (("000001-delta", vmware_files.cowd(SECTORS, [3, 5])),
                       ("000002-sesparse", vmware_files.sesparse(SECTORS, [1, 2]))):
        vmware_files.write_sparse(snapped / f"snapped-{name}.vmdk", *made)
    pieces = machine(ds / "pieces", "pieces")
    flat(pieces / "pieces-f001.vmdk", "piece")
    (pieces / "pieces.vmdk").write_text(
        vmware_files.descriptor("twoGbMaxExtentFlat", [f'RW {SECTORS} FLAT "pieces-f001.vmdk" 0']))
    lost = ds / "lost"
    lost.mkdir()
    for name in ("c-flat.vmdk", "old-f001.vmdk", "r.vmdk.REDO_a1b2c3", "e-delta.vmdk"):  # the guest decides these bytes
        (lost / name).write_bytes(CTK)
    odd = machine(ds / "odd", "odd")
    (odd / "odd.vmdk").write_text(vmware_files.descriptor("vmfs", [f'RW {SECTORS} VMFS "q-ctk.vmdk"']))
    (odd / "odd-flat.vmdk").unlink()
    (odd / "q-ctk.vmdk").write_bytes(CTK.ljust(SECTORS * 512, b"\0"))
    orphans = ds / "orphans"
    orphans.mkdir()
    (orphans / "gone-ctk.vmdk").write_bytes(CTK)
    (orphans / "nothing-ctk.vmdk").touch()
    (orphans / "unsigned-ctk.vmdk").write_bytes(b"\x01guest" * 100)
    (orphans / "renamed.vmdk.old").write_bytes(CTK)
    (orphans / "odd-ctk.vmdk").write_bytes(vmware_files.ctk_header(SECTORS, at=(0, 0, 0, 0)) + b"\x07" * 999)


@pytest.fixture
def ds(scratch):
    """Every kind at once."""
    ds = scratch / "ds"
    others(ds)
    for name, named in NAMED.items():
        machine(ds / name, name, ctk=named)
    (ds / "subfolder/things").mkdir()
    flat(ds / "subfolder/things/data", "things", 1)
    (ds / "linkflat/link.vmdk").symlink_to("../pointed/pointed-flat.vmdk")
    (ds / "linkctk/link.vmdk").symlink_to("../pointed/spare.vmdk.old")
    os.mkfifo(ds / "fifo/pipe")
    (scratch / "beside-ctk.vmdk").write_bytes(CTK)
    (ds / "emptyctk/emptyctk-ctk.vmdk").touch()
    (ds / "garbage/garbage-ctk.vmdk").write_bytes(b"\xee" * 100)
    (ds / "largeelsewhere/big").mkdir()
    for path in (ds / "large/large-ctk.vmdk", ds / "largeelsewhere/big/far-ctk.vmdk"):
        path.write_bytes(b"\xee" * 4096)
        os.truncate(path, 65 * MIB)
    (ds / "newname/newname.vmdk.new").write_bytes(CTK)
    (ds / "real/real-ctk.vmdk").write_bytes(CTK)
    (ds / "otherflat/vmware-0.log").write_text("older\n")
    return ds


def is_edited(path):
    return path.suffix == ".vmx" or (path.suffix == ".vmdk" and path.stem == path.parent.name)


def everything(ds):
    """Every path below the datastore and the file beside it; content of what is a file, kind of what is none."""
    found = {}
    for path in sorted([*ds.rglob("*"), ds.parent / "beside-ctk.vmdk"]):
        relative = os.path.relpath(path, ds)
        if ".cbtctl" in relative.split(os.sep):
            continue
        if path.is_symlink():
            found[relative] = "link to " + os.readlink(path)
        elif path.is_file():
            found[relative] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[relative] = "folder" if path.is_dir() else "device"
    return found


def guest_data(ds):
    return {path: what for path, what in everything(ds).items() if path not in MAY_GO and not is_edited(ds / path)}


def age(ds, days=60):
    """Nothing is too young."""
    for path in ds.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (path.stat().st_mtime - days * 86400,) * 2)


def purge(program, ds, **more):
    return program.run("purge", ds, "--older-than", "0s", "--yes", **more)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_all_guest_data_is_there_after_each_verb_its_undo_and_purge(program, ds, verb):
    if verb[0] == "reset":  # it works on what is on
        for name in NAMED:
            with open(ds / name / f"{name}.vmx", "a") as file:
                file.write(KEYS)
    age(ds)
    before, guests = everything(ds), guest_data(ds)
    run = program.json(verb[0], ds, "--yes", *verb[1:])
    assert guest_data(ds) == guests
    moved = {change["path"] for change in run["plan"]["changes"] if change["kind"] == "quarantine"}
    assert moved and moved <= MAY_GO, moved - MAY_GO
    outcomes = {result["vm"]: (result["outcome"], result["message"]) for result in run["results"]}
    assert {what for what, _ in outcomes.values()} == {"changed"}, outcomes
    undone = program.json("undo", run["run"], "--yes")
    assert {result["outcome"] for result in undone["results"]} == {"restored"}, undone["results"]
    assert everything(ds) == before
    program.json(verb[0], ds, "--yes", *verb[1:])
    purge(program, ds, status=0)
    assert guest_data(ds) == guests
    assert not list(ds.rglob(".cbtctl"))


def test_a_real_ctk_file_still_goes(program, ds):
    age(ds)
    program.json("disable", ds, "--yes")
    assert "real/real-ctk.vmdk" not in everything(ds) and "garbage/garbage-ctk.vmdk" not in everything(ds)
    program.json("clean", ds, "--yes", "--min-age", "0s")
    assert {"orphans/gone-ctk.vmdk", "orphans/nothing-ctk.vmdk"}.isdisjoint(everything(ds))


def test_the_line_goes_and_the_file_stays_and_the_plan_says_so(program, ds):
    changes = program.json("disable", ds, "--dry-run")["plan"]["changes"]
    told = {change["vm"]: change["description"] for change in changes if change["path"].endswith(".vmdk")}
    assert "ownflat-flat.vmdk stays: it is called like disk data" in told["ownflat/ownflat.vmx"]
    assert "q-ctk.vmdk stays: it is the data of a disk" in told["oddextent/oddextent.vmx"]
    program.run("disable", ds, "--yes")
    assert "changeTrackPath" not in (ds / "ownflat/ownflat.vmdk").read_text()


def test_what_stands_where_the_next_ctk_file_must_go_is_refused(program, ds):
    refused = {one["vm"]: one["reason"] for one in program.json("enable", ds, "--dry-run")["plan"]["refused"]}
    assert refused["large/large.vmx"] == "not-a-ctk-file" and "largeelsewhere/largeelsewhere.vmx" not in refused


def test_plans_show_the_size_of_what_goes(program, ds):
    changes = program.json("disable", ds, "--dry-run")["plan"]["changes"]
    sizes = {change["path"]: change.get("size_bytes") for change in changes if change["kind"] == "quarantine"}
    assert sizes["real/real-ctk.vmdk"] == len(CTK)
    program.run("disable", ds, "--dry-run", "--vm", "real", shows="CTK file aside, ")


def test_a_plan_tells_how_wide_it_was_looked_for_a_descriptor(program, ds):
    age(ds)
    changes = program.json("clean", ds, "--dry-run", "--min-age", "0s")["plan"]["changes"]
    assert "no descriptor names it, of " in changes[0]["description"]


def test_an_orphan_whose_header_nobody_understands_is_a_choice(program, ds):
    age(ds)
    fixes = {(one["code"], one["path"]): one["fix"] for one in program.json("check", ds)["findings"]}
    assert fixes["ctk-orphan", "orphans/odd-ctk.vmdk"] == "choice"
    assert fixes["ctk-orphan", "orphans/gone-ctk.vmdk"] == "safe"
    assert fixes["ctk-orphan", "orphans/unsigned-ctk.vmdk"] == "none"
    assert not any(path.startswith(("lost/", "odd/")) for code, path in fixes if code.startswith("ctk-orphan"))
    program.json("repair", ds, "--yes", "--min-age", "0s")
    assert (ds / "orphans/odd-ctk.vmdk").exists()
    program.json("clean", ds, "--yes", "--min-age", "0s")
    assert (ds / "orphans/odd-ctk.vmdk").exists()
    program.json("clean", ds, "--yes", "--min-age", "0s", "--any-layout")
    assert not (ds / "orphans/odd-ctk.vmdk").exists()


# --- a name of the run's own -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("called", ["a.vmdk.new", "a.vmdk.0.new", "a.vmx.0.new", "a.vmdk.1.back.new", "a.vmx.plan.json",
                                    "a.vmx.1.kept", "a.vmx.1.moved"])
def test_a_ctk_file_may_be_called_like_a_file_of_the_run(program, scratch, called):
    ds = scratch / "ds"
    machine(ds / "a", "a", ctk=called)
    (ds / "a" / called).write_bytes(CTK)
    before = everything_in(ds)
    run = program.json("disable", ds, "--yes", status=0)["run"]
    assert not (ds / "a" / called).exists()
    program.run("undo", run, "--yes", status=0)
    assert everything_in(ds) == before


def everything_in(ds):
    return {str(path): path.read_bytes() for path in sorted(ds.rglob("*")) if path.is_file()}


# --- purge -----------------------------------------------------------------------------------------------------------


def test_purge_leaves_what_somebody_put_into_a_runs_folder_and_tells_it(program, scratch):
    ds = scratch / "ds"
    real = machine(ds / "real", "real", ctk="real-ctk.vmdk", keys=KEYS)
    (real / "real-ctk.vmdk").write_bytes(CTK)
    run = program.json("disable", ds, "--yes", status=0)["run"]
    folder = real / ".cbtctl" / run
    (folder / "saved-flat.vmdk").write_bytes(b"mine")
    (folder / "notes.txt").write_text("mine too")
    (folder / "deeper").mkdir()
    (folder / "link").symlink_to("../../real-flat.vmdk")
    purge(program, ds, status=4, says="notes.txt stays: the run did not put it there")
    assert sorted(path.name for path in folder.iterdir()) == ["deeper", "link", "notes.txt", "saved-flat.vmdk"]
    assert (real / "real-flat.vmdk").exists()


def test_purge_keeps_a_disk_that_an_earlier_version_moved_and_undo_can_bring_it_back(program, scratch):
    """As 0.1.0 left it: under its own name, beside a plan of the first version."""
    ds = scratch / "ds"
    folder = machine(ds / "t", "t")
    run = "20260131T093000Z-1f2e"
    kept = folder / ".cbtctl" / run
    kept.mkdir(parents=True)
    data = (folder / "t-flat.vmdk").read_bytes()
    status = (folder / "t-flat.vmdk").stat()
    shutil.move(folder / "t-flat.vmdk", kept / "t-flat.vmdk")
    (kept / "t.vmx.plan.json").write_text(json.dumps(old_plan(ds, run, "t/t.vmx", "t/t-flat.vmdk", data, status)))
    purge(program, ds, status=4, says="t-flat.vmdk: it is called like disk data")
    assert (kept / "t-flat.vmdk").read_bytes() == data and (kept / "t.vmx.plan.json").exists()


def old_plan(ds, run, vm, moved, data, status):
    def coded(text):
        return base64.b64encode(text.encode()).decode()
    change = {"kind": "quarantine", "phase": 1, "file": [0, coded(moved)], "description": "CTK file aside",
              "sha256_before": hashlib.sha256(data).hexdigest(), "sha256_after": "", "size_bytes": len(data),
              "modified_ns": status.st_mtime_ns, "changed_ns": status.st_ctime_ns}
    intent = {"vm_key": None, "least_age_ns": 0, "disks": [["scsi0:0", None, True]], "flags": [], "removed_keys": [],
              "kept_keys": [], "lowered": [], "parent_cids": [], "unnamed": []}
    machine_plan = {"vm": coded(vm), "name": coded("t"), "has_machine": True, "assumed_off": False,
                    "assumed_unregistered": False, "intent": intent, "fixed": [], "roots": [coded(str(ds))],
                    "changes": [change], "witnesses": [], "disks": [["scsi0:0", "leftover", ""]], "promised": [],
                    "folders": [[0, coded("t")]]}
    return {"schema": "cbtctl.plan/1", "id": run, "verb": "disable", "machines": [machine_plan], "refused": [],
            "unchanged": [], "owner": None}


def test_a_run_of_the_first_version_is_undone_and_purged(program, scratch):
    ds = scratch / "ds"
    folder = machine(ds / "t", "t")
    run = "20260131T093000Z-1f2e"
    kept = folder / ".cbtctl" / run
    kept.mkdir(parents=True)
    (kept / "t-ctk.vmdk").write_bytes(CTK)
    status = (kept / "t-ctk.vmdk").stat()
    (kept / "t.vmx.plan.json").write_text(json.dumps(old_plan(ds, run, "t/t.vmx", "t/t-ctk.vmdk", CTK, status)))
    shutil.copytree(ds, scratch / "other", copy_function=shutil.copy2)
    program.run("undo", run, ds, "--yes", status=0)
    assert (folder / "t-ctk.vmdk").read_bytes() == CTK
    purge(program, scratch / "other", status=0)
    assert not (scratch / "other/t/.cbtctl").exists()
