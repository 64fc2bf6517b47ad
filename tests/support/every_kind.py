"""One datastore with every kind of file that a changeTrackPath may name, or that may lie about like a CTK file.

    make_every_kind(folder / "ds")
    before = guest_data(folder / "ds")
"""
import contextlib
import hashlib
import os
import re
import socket
import stat

import vmware_files

SECTORS = 2048
CTK = vmware_files.ctk_file(SECTORS)
KEYS = 'ctkEnabled = "TRUE"\nscsi0:0.ctkEnabled = "TRUE"\n'
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
    "lostsparsepiece": "../lost/old-s001.vmdk",
    "lostflat": "../lost/c-flat.vmdk",
    "lostredo": "../lost/r.vmdk.REDO_a1b2c3",
    "capitals": "../lost/D-FLAT.VMDK",
    "oddextent": "../odd/q-ctk.vmdk",
    "oddcase": "../shared/Z-CTK.VMDK",
    "owndescriptor": "owndescriptor.vmdk",
    "otherdescriptor": "../victim/victim.vmdk",
    "ownvmx": "ownvmx.vmx",
    "spelledvmx": "..//spelledvmx/./spelledvmx.vmx",
    "othervmx": "../victim/victim.vmx",
    "emptyvmsd": "emptyvmsd.vmsd",
    "fullvmsd": "../snapped/snapped.vmsd",
    "nvram": "nvram.nvram",
    "log": "vmware.log",
    "delta": "../snapped/snapped-000001-delta.vmdk",
    "sesparse": "../snapped/snapped-000002-sesparse.vmdk",
    "subfolder": "things",
    "linkflat": "link.vmdk",
    "linkctk": "otherlink.vmdk",
    "fifo": "pipe",
    "device": "node",
    "socket": "here",
    "missing": "missing-ctk.vmdk",
    "outside": "/vmfs/volumes/elsewhere/x/x-ctk.vmdk",
    "dotdot": "../../beside-ctk.vmdk",
    "emptyctk": "emptyctk-ctk.vmdk",
    "garbage": "garbage-ctk.vmdk",
    "large": "large-ctk.vmdk",
    "largeelsewhere": "big/far-ctk.vmdk",
    "huge": "far/huge.vmdk.old",
    "notes": "notes.txt",
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
    lost = ds / "lost"  # no descriptor is left, and the guest decides these bytes
    lost.mkdir()
    for name in ("c-flat.vmdk", "D-FLAT.VMDK", "old-f001.vmdk", "old-s001.vmdk", "r.vmdk.REDO_a1b2c3", "e-delta.vmdk"):
        (lost / name).write_bytes(CTK)
    odd = machine(ds / "odd", "odd")
    (odd / "odd.vmdk").write_text(vmware_files.descriptor("vmfs", [f'RW {SECTORS} VMFS "q-ctk.vmdk"']))
    (odd / "odd-flat.vmdk").unlink()
    (odd / "q-ctk.vmdk").write_bytes(CTK.ljust(SECTORS * 512, b"\0"))
    shared = machine(ds / "shared", "shared")  # copied over a share that knows no letter case
    (shared / "shared.vmdk").write_text(vmware_files.descriptor("vmfs", [f'RW {SECTORS} VMFS "z-ctk.vmdk"']))
    (shared / "shared-flat.vmdk").unlink()
    (shared / "Z-CTK.VMDK").write_bytes(CTK.ljust(SECTORS * 512, b"\0"))
    orphans = ds / "orphans"
    orphans.mkdir()
    (orphans / "gone-ctk.vmdk").write_bytes(CTK)
    (orphans / "nothing-ctk.vmdk").touch()
    (orphans / "unsigned-ctk.vmdk").write_bytes(b"\x01guest" * 100)
    (orphans / "renamed.vmdk.old").write_bytes(CTK)
    (orphans / "odd-ctk.vmdk").write_bytes(vmware_files.ctk_header(SECTORS, at=(0, 0, 0, 0)) + b"\x07" * 999)


def make_every_kind(ds):
    """The datastore, and the one file beside it."""
    others(ds)
    for name, named in NAMED.items():
        machine(ds / name, name, ctk=named)
    (ds / "subfolder/things").mkdir()
    flat(ds / "subfolder/things/data", "things", 1)
    (ds / "linkflat/link.vmdk").symlink_to("../pointed/pointed-flat.vmdk")
    (ds / "linkctk/otherlink.vmdk").symlink_to("../pointed/spare.vmdk.old")
    os.mkfifo(ds / "fifo/pipe")
    (ds.parent / "beside-ctk.vmdk").write_bytes(CTK)
    (ds / "emptyctk/emptyctk-ctk.vmdk").touch()
    (ds / "garbage/garbage-ctk.vmdk").write_bytes(b"\xee" * 100)
    (ds / "largeelsewhere/big").mkdir()
    for path in (ds / "large/large-ctk.vmdk", ds / "largeelsewhere/big/far-ctk.vmdk"):
        path.write_bytes(b"\xee" * 4096)
        os.truncate(path, 65 * MIB)
    (ds / "newname/newname.vmdk.new").write_bytes(CTK)
    (ds / "real/real-ctk.vmdk").write_bytes(CTK)
    (ds / "huge/far").mkdir()
    (ds / "huge/far/huge.vmdk.old").write_bytes(CTK)
    os.truncate(ds / "huge/far/huge.vmdk.old", 65 * MIB)
    (ds / "notes/notes.txt").write_bytes(b"guest" * 20)
    (ds / "otherflat/vmware-0.log").write_text("older\n")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(ds / "socket"):
        listener.bind("here")
    if os.geteuid() == 0:
        os.mknod(ds / "device/node", 0o600 | stat.S_IFBLK, os.makedev(7, 200))
    return ds


def is_edited(path):
    """A configuration or a descriptor: it must be there, and what stands in it may change."""
    if path.suffix == ".vmx":
        return True
    return path.suffix == ".vmdk" and path.is_file() and path.open("rb").read(21) == b"# Disk DescriptorFile"


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
            found[relative] = (path.stat().st_size, hashlib.sha256(path.open("rb").read(MIB)).hexdigest())
        else:
            found[relative] = "folder" if path.is_dir() else "device"
    return found


def guest_data(ds, may_go=MAY_GO):
    return {path: "a text" if is_edited(ds / path) else what for path, what in everything(ds).items()
            if path not in may_go}


def age(ds, days=60):
    """Nothing is too young."""
    for path in ds.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (path.stat().st_mtime - days * 86400,) * 2)


# What a machine is refused for, and what names a machine's own configuration.
ALONE = ("dotdot", "large", "outside", "runctk", "ownvmx", "spelledvmx")
MAY_GO_GATHERED = {path if path.startswith("orphans/") else "all/" + os.path.basename(path) for path in MAY_GO}


def gather(ds):
    """All other disks become those of one machine, `all`: on a host each machine and each folder takes its time."""
    kinds = [name for name in NAMED if name not in ALONE]
    lines = ['config.version = "8"', 'virtualHW.version = "13"', 'displayName = "all"', 'cleanShutdown = "TRUE"']
    (ds / "all").mkdir()
    for number, name in enumerate(kinds):
        slot = f"scsi{number // 10}:{number % 10 if number % 10 < 7 else number % 10 + 1}"
        lines += [f'scsi{number // 10}.present = "TRUE"'] if number % 10 == 0 else []
        lines += [f'{slot}.present = "TRUE"', f'{slot}.fileName = "{name}.vmdk"']
        (ds / name / f"{name}.vmx").unlink()
        for path in (ds / name).iterdir():
            path.rename(ds / "all" / path.name)
        (ds / name).rmdir()
    (ds / "all/all.vmx").write_text("\n".join(lines) + "\n")


def turn_on(configuration):
    """Sets every key in it."""
    text = configuration.read_text()
    slots = re.findall(r"^(.*)\.fileName", text, re.MULTILINE)
    configuration.write_text(text + 'ctkEnabled = "TRUE"\n' + "".join(f'{slot}.ctkEnabled = "TRUE"\n' for slot in slots))
