"""Folders to work in, copies of fixtures, and pictures that tell whether anything changed."""
import atexit
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

MOST_READ = 1 << 24  # larger files are flat disks, which nothing writes to


def scratch_folder(name):
    """Gone with the test."""
    folder = Path(tempfile.mkdtemp(prefix=f"cbtctl-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def copy_folder(source, folder):
    """Sparse, with all times; what stood there is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cp", "-a", "--sparse=always", str(source), str(folder)], check=True)
    return folder


def picture(folder):
    """Every file's path, mode, owner and content; what cbtctl keeps for itself left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = str(path.relative_to(folder))
        if path.is_symlink() or not path.is_file() or ".cbtctl/" in relative:
            continue
        status = path.stat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if status.st_size < MOST_READ else status.st_size
        found[relative] = (status.st_mode, status.st_uid, status.st_gid, content)
    return found
