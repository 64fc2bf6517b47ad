"""Puts what version 0.1.0 has left of a run where a program will find it.

What lies in cli/runs-0.1.0 was written by that version, over the machine `one` of the healthy datastore; the disk and
its CTK file, which are large, come from there. A plan remembers times and places, which a copy does not keep: they are
put in."""
import base64
import json
import shutil
from pathlib import Path

from folders import SOURCE, copy_folder, picture

LEFT = SOURCE / "tests/cli/runs-0.1.0"
ASIDE = {"finished", "half", "twice"}  # the CTK file lies in the folder of the run
THERE = "/mnt/old/ds"


def text_of(encoded):
    return base64.b64decode(encoded).decode()


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


def put_in_times(plan, top, location):
    """Of this copy at `top`, which its operator calls `location`, in a plan of the old one."""
    document = json.loads(plan.read_text())
    for machine in document["machines"]:
        roots = [text_of(root) for root in machine["roots"]]
        machine["roots"] = [base64_of(root.replace(THERE, location)) for root in roots]
        for witness in machine["witnesses"]:
            path = Path(roots[witness["file"][0]].replace(THERE, str(top))) / text_of(witness["file"][1])
            if witness["exists"]:
                status = path.stat()
                witness |= {"size_bytes": status.st_size, "modified_ns": status.st_mtime_ns,
                            "changed_ns": status.st_ctime_ns}
    plan.write_text(json.dumps(document))


def machines_of(name):
    """The folders of the machines, below the datastore."""
    there = LEFT / name / "ds"
    return [path.parent.relative_to(there) for path in there.rglob("one.vmx") if ".cbtctl" not in path.parts]


def leave(name, machine, top, state, location=None):
    """What 0.1.0 left in one of the states, over copies of `machine`: (what was before, the id of the run)."""
    folders = machines_of(name)
    for folder in folders:
        copy_folder(machine, top / folder)
        shutil.copyfile(LEFT / "undone/ds/one/one.vmx", top / folder / "one.vmx")  # as that version found it
    before = picture(top)
    for folder in folders:
        shutil.copytree(LEFT / name / "ds" / folder, top / folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
        for run in (top / folder).glob(".cbtctl/2*") if name in ASIDE else ():
            (top / folder / "one-ctk.vmdk").rename(run / "one-ctk.vmdk")
    shutil.copytree(LEFT / name / "state", state, dirs_exist_ok=True)
    for plan in [*top.rglob("*plan.json"), *state.rglob("plan.json")]:
        put_in_times(plan, top, location or str(top))
    (run,) = (path.name for path in (state / "cbtctl").iterdir())
    return before, run


def contents(seen):
    """Of a picture, without modes and owners."""
    return {path: each[3] for path, each in seen.items()}
