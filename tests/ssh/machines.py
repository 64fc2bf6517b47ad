"""Small machines for tests that change them, and what became of them.

    make_machine(folder / "x", "x", disks=2)
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
import vmware_files  # noqa: E402

SECTORS = 2048
TIME = 1714521600


def tracking(sectors=SECTORS, seed=1):
    return vmware_files.ctk_file(sectors, uuid=bytes((seed * 7 + i) % 251 + 1 for i in range(16)))


def make_machine(folder, name, disks=2, keys=True, cid="1b77e0d4", more=()):
    """A powered-off machine whose disks are all tracked."""
    folder.mkdir(parents=True)
    vmx = ['.encoding = "UTF-8"', 'config.version = "8"', 'virtualHW.version = "13"', 'cleanShutdown = "TRUE"',
           f'displayName = "{name}"', *more]
    vmx += ['CtkEnabled = "true"'] if keys else []
    for disk in range(disks):
        base = name if disk == 0 else f"{name}_{disk}"
        vmx += [f'scsi0:{disk}.present = "TRUE"', f'scsi0:{disk}.fileName = "{base}.vmdk"']
        vmx += [f'scsi0:{disk}.ctkEnabled = "TRUE"'] if keys else []
        extent, track = f'RW {SECTORS} VMFS "{base}-flat.vmdk"', f"{base}-ctk.vmdk" if keys else None
        (folder / f"{base}.vmdk").write_text(vmware_files.descriptor("vmfs", [extent], ctk=track, cid=cid))
        (folder / f"{base}-flat.vmdk").touch()
        os.truncate(folder / f"{base}-flat.vmdk", SECTORS * 512)
        if keys:
            (folder / f"{base}-ctk.vmdk").write_bytes(tracking(seed=disk + 1))
    (folder / "vmware.log").write_text("VMX exit (0).\n")
    (folder / f"{name}.vmx").write_text("\n".join(vmx) + "\n")
    for path in folder.iterdir():
        path.chmod(0o755 if path.suffix == ".vmx" else 0o644 if path.suffix == ".log" else 0o600)
        os.utime(path, (TIME, TIME))
    return folder


def put_back(pristine, folder):
    """The folder becomes what the other one is, times included."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    subprocess.run(["cp", "-a", "--sparse=always", f"{pristine}/.", str(folder)], check=True)
