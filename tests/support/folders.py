"""Folders to work in, copies of fixtures, and pictures that tell whether anything changed."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]  # for what is decided while tests are collected; else fixtures give it
FIXTURES = SOURCE / "fixtures"
MOST_READ = 1 << 24  # larger files are flat disks, which nothing writes to


def copy_folder(source, folder):
    """Sparse, with all times; what stood there is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--sparse=always", str(source), str(folder)], check=True)
    return folder


def times_of(folder):
    """Every path's size, times, number and mode: what reading must leave alone."""
    found = {}
    for root, folders, names in os.walk(folder):
        for path in (os.path.join(root, name) for name in folders + names):
            status = os.lstat(path)
            found[path] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode)
    return found


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
