"""Nothing is moved aside, and nothing is deleted for good, but a CTK file: whatever a changeTrackPath names, and whatever
an orphan is called. One datastore holds every kind at once; after each verb all guest data is there, byte for byte."""
import base64
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from every_kind import CTK, KEYS, MAY_GO, NAMED, SECTORS, age, everything, guest_data, machine, make_every_kind
import vmware_files

VERBS = [("reset",), ("enable",), ("disable",), ("repair", "--min-age", "0s"),
         ("repair", "--min-age", "0s", "--choose", "ctk-unrecognised=restart"),
         ("repair", "--min-age", "0s", "--choose", "ctk-orphan=quarantine", "--choose", "ctk-leftover=quarantine"),
         ("clean", "--min-age", "0s"), ("clean", "--min-age", "0s", "--any-layout")]


@pytest.fixture
def ds(scratch):
    make_every_kind(scratch / "ds")
    return scratch / "ds"


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
    assert "no descriptor names it, of " in changes[0]["description"] and str(ds) in changes[0]["description"]
    program.run("clean", ds / "orphans", ds / "real", "--dry-run", "--min-age", "0s",
                shows=f"of 1 in {ds}/orphans, {ds}/real")


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


# --- who may have it open ---------------------------------------------------------------------------------------------


def clone(folder, name, parent, off):
    """A linked clone: its own delta, over the disk of another machine."""
    machine(folder, name, off=off)
    (folder / f"{name}-flat.vmdk").unlink()
    (folder / f"{name}.vmdk").write_text(vmware_files.descriptor(
        "vmfsSparse", [f'RW {SECTORS} VMFSSPARSE "{name}-delta.vmdk"'], parent=parent, parent_cid="9f2c11aa"))
    vmware_files.write_sparse(folder / f"{name}-delta.vmdk", *vmware_files.cowd(SECTORS, [3]))


@pytest.mark.parametrize("file_name", ["a-ctk.vmdk", "a-000002-ctk.vmdk"])
def test_an_orphan_waits_for_every_machine_with_a_disk_of_its_stem_in_the_folder(program, scratch, file_name):
    ds = scratch / "ds"
    machine(ds / "a", "a")
    clone(ds / "b", "b", "../a/a.vmdk", off=False)
    for name in (file_name, "gone-ctk.vmdk"):
        (ds / "a" / name).write_bytes(CTK)
    age(ds)
    for verb in ("clean", "repair"):
        plan = program.json(verb, ds, "--dry-run", "--min-age", "0s")["plan"]
        assert [(one["vm"], one["reason"]) for one in plan["refused"]] == [("b/b.vmx", "power-unknown")]
        assert [change["path"] for change in plan["changes"]] == ["a/gone-ctk.vmdk"]
    clone(ds / "b2", "b", "../a/a.vmdk", off=True)
    shutil.rmtree(ds / "b")
    assert len(program.json("clean", ds, "--dry-run", "--min-age", "0s")["plan"]["changes"]) == 2


def test_a_named_ctk_file_waits_for_every_machine_whose_chain_holds_its_descriptor(program, scratch):
    ds = scratch / "ds"
    (machine(ds / "a", "a", ctk="a-ctk.vmdk", keys=KEYS) / "a-ctk.vmdk").write_bytes(CTK)
    clone(ds / "b", "b", "../a/a.vmdk", off=False)
    for verb in ("reset", "disable"):
        plan = program.json(verb, ds, "--dry-run", "--vm", "a")["plan"]
        assert not plan["changes"] and [one["reason"] for one in plan["refused"]] == ["shared-disk"]


def test_what_an_earlier_run_keeps_is_not_moved_by_the_next(program, scratch):
    ds = scratch / "ds"
    (machine(ds / "a", "a", ctk="a-ctk.vmdk", keys=KEYS) / "a-ctk.vmdk").write_bytes(CTK)
    run = program.json("disable", ds, "--yes", status=0)["run"]
    kept = {path: path.read_bytes() for path in (ds / "a/.cbtctl" / run).iterdir()}
    (moved,) = (path for path in kept if path.suffix == ".moved")
    (ds / "a/a.vmdk").write_text(vmware_files.descriptor("vmfs", [f'RW {SECTORS} VMFS "a-flat.vmdk"'],
                                                         ctk=str(moved.relative_to(ds / "a"))))
    program.run("disable", ds, "--yes")
    assert {path: path.read_bytes() for path in kept} == kept


# --- a name of the run's own -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("called", ["a.vmdk.new", "a.vmdk.0.new", "a.vmx.0.new", "a.vmdk.1.back.new", "a.vmx.plan.json",
                                    "a.vmx.1.kept", "a.vmx.2.kept", "a.vmx.1.moved", "plan.json"])
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


def left_by_the_first_version(ds, moved):
    """A run of 0.1.0 that took `moved` for the CTK file of t: kept under its own name, beside a plan of the first
    version. What a running machine writes is watched, also what was moved."""
    for name in ("t", "u"):
        machine(ds / name, name)
    run, path = "20260131T093000Z-1f2e", ds / moved
    watched = [ds / "t" / name for name in ("t-flat.vmdk", "vmware.log", "t.nvram")]
    plan = old_plan(ds, run, "t/t.vmx", moved, path.read_bytes(), path.stat())
    plan["machines"][0]["witnesses"] = [witness(ds, each) for each in watched]
    plan["machines"][0]["folders"] = [[0, coded("t")], *([[0, coded("u")]] if moved.startswith("u/") else [])]
    for folder in {ds / "t", path.parent}:
        (folder / ".cbtctl" / run).mkdir(parents=True)
        (folder / ".cbtctl" / run / "t.vmx.plan.json").write_text(json.dumps(plan))
    shutil.move(path, path.parent / ".cbtctl" / run / path.name)
    return run


def witness(ds, path):
    status = path.stat()
    return {"file": [0, coded(str(path.relative_to(ds)))], "exists": True, "size_bytes": status.st_size,
            "modified_ns": status.st_mtime_ns, "changed_ns": status.st_ctime_ns}


@pytest.mark.parametrize("text, stays", [
    ('{"mine": true}', "is no plan of cbtctl"), ("{not even json", "is no plan of cbtctl"),
    ('{\n "schema": "cbtctl.plan/9",\n "tool": "9.0"\n}\n', "use cbtctl 9.0"),
    ("", None), ('{\n "sche', None), ('{\n "schema": "cbtctl.plan/2",\n "tool": "0', None)])
def test_purge_takes_no_plan_but_the_runs_and_what_was_torn_of_it(program, scratch, text, stays):
    ds = scratch / "ds"
    (machine(ds / "a", "a", ctk="a-ctk.vmdk", keys=KEYS) / "a-ctk.vmdk").write_bytes(CTK)
    run = program.json("disable", ds, "--yes", status=0)["run"]
    (ds / "a/.cbtctl" / run / "b.vmx.plan.json").write_text(text)
    purge(program, ds, status=4 if stays else 0, says=stays or "")
    left = [path.name for path in ds.glob(f"a/.cbtctl/{run}/*")]
    assert ("b.vmx.plan.json" in left) == bool(stays)
    assert len(left) == (5 if "9.0" in text else 1 if stays else 0), "beside a later version's plan all is that version's"


def test_a_run_of_a_later_version_is_not_purged(program, scratch):
    ds = scratch / "ds"
    (machine(ds / "a", "a", ctk="a-ctk.vmdk", keys=KEYS) / "a-ctk.vmdk").write_bytes(CTK)
    run = program.json("disable", ds, "--yes", status=0)["run"]
    plan = ds / "a/.cbtctl" / run / "a.vmx.plan.json"
    plan.write_text(plan.read_text().replace("cbtctl.plan/2", "cbtctl.plan/9"))
    kept = sorted(plan.parent.iterdir())
    purge(program, ds, status=4)
    assert sorted(plan.parent.iterdir()) == kept


TAKEN = {"t/t-flat.vmdk": "it is called like disk data", "u/u-flat.vmdk": "it is called like disk data",
         "t/t.nvram": "it holds something else", "t/t.vmsd": "it holds something else",
         "t/vmware.log": "it holds something else", "u/u.vmx": "it holds something else"}


@pytest.mark.parametrize("moved", TAKEN)
@pytest.mark.parametrize("who", ["me", "another"])
def test_what_an_earlier_version_took_for_a_ctk_file_survives_purge_and_comes_back(program, scratch, moved, who):
    ds = scratch / "ds"
    for name in ("t", "u"):
        machine(ds / name, name)
    before = everything(ds)
    shutil.rmtree(ds)
    run = left_by_the_first_version(ds, moved)
    kept = (ds / moved).parent / ".cbtctl" / run
    purge(program, ds, status=4, says=TAKEN[moved])
    assert (kept / Path(moved).name).exists() and (kept / "t.vmx.plan.json").exists()
    told = program.json("undo", run, ds, "--yes", who=who)
    assert [result["outcome"] for result in told["results"]] == ["restored"], told["results"]
    assert everything(ds) == before and not list(ds.rglob(".cbtctl"))


def test_undo_of_such_a_run_still_asks_whether_the_machine_ran(program, scratch):
    ds = scratch / "ds"
    run = left_by_the_first_version(ds, "t/t-flat.vmdk")
    (ds / "t/vmware.log").write_text("it was powered on\n")
    (result,) = program.json("undo", run, ds, "--yes")["results"]
    assert (result["outcome"], result["reason"]) == ("refused", "ran-since")
    kept = f"t/.cbtctl/{run}/t-flat.vmdk"
    assert f"{kept} is no CTK file, but t/t-flat.vmdk" in result["message"] and (ds / kept).exists()


def coded(text):
    return base64.b64encode(text.encode()).decode()


def old_plan(ds, run, vm, moved, data, status):
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
