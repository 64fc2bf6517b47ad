"""Reading a host over lines of 1 and 20 ms: scans by the exec stream and by SFTP, ranges and whole files. The host is the
stand-in, held to one cipher and MAC so that every peer uses the same; the line is the tests' own."""
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from datastores import make_datastore
from figures import CBTCTL, TOP, paired, row, rows, seconds

sys.path.insert(0, str(TOP / "tests/ssh"))
from line import Line  # noqa: E402
from standin import Standin  # noqa: E402

READS = str(TOP / "build/ssh_reads")
ONE_ALGORITHM = ["--set", "Ciphers=aes128-ctr", "--set", "MACs=hmac-sha2-256"]
SAMPLE = 25       # folders that slow peers read; their time grows with the number of folders, exactly
RANGES = 500
BULK_MIB = 1024
# The very files that a scan reads, and the listing that it makes.
STREAM = r"""cd /vmfs/volumes/ds && find . -exec stat -c '%f %s %b %Y %Z %n' {} + &&
find . \( -name '*.vmx' -o -name '*.vmsd' -o -name '*.vmdk' ! -name '*-flat.vmdk' ! -name '*-ctk.vmdk' \) -print0 | xargs -0 tar -cf - &&
find . -name '*-ctk.vmdk' -exec head -c 4096 {} +"""
WALK = """import os, sys
root = sys.argv[1]
for name in sorted(entry.name for entry in os.scandir(root) if entry.is_dir())[:int(sys.argv[2])]:
    for file in os.scandir(os.path.join(root, name)):
        if file.name.endswith("-ctk.vmdk"):
            with open(file.path, "rb", 0) as content:
                content.read(4096)
        elif file.name.endswith((".vmx", ".vmsd", ".vmdk")) and not file.name.endswith("-flat.vmdk"):
            with open(file.path, "rb", 0) as content:
                content.read(65536)
"""


def scan(config, transport):
    return [CBTCTL, "scan", "ssh://esx/vmfs/volumes/ds", "--ssh-config", str(config), "--transport", transport]


def costs(command):
    told = subprocess.run([*command, "--verbose"], capture_output=True, text=True, check=True).stderr
    return tuple(map(int, re.search(r"after the login (\d+) waits, (\d+) requests, at most (\d+) outstanding", told).groups()))


def bench_stream(config, count, line):
    waits, _, _ = costs(scan(config, "shell"))
    row(f"exec stream, {count} VMs, {line}: requests that wait after the login", f"{waits}", "<= 12", "10", waits <= 12)
    ours, theirs = paired(scan(config, "shell"), ["ssh", "-F", str(config), "-o", "BatchMode=yes", "esx", STREAM], rounds=3)
    row(f"exec stream, {count} VMs, {line}: {ours:.2f} s; ssh 'find | tar' {theirs:.2f} s", f"{ours / theirs:.2f}x", "<= 1", "0.62",
        ours <= theirs)


def inventory_by(command):
    """Seconds that the peer takes for each folder."""
    few = float(subprocess.run([*command, "5"], capture_output=True, text=True, check=True).stdout.split()[0])
    many = float(subprocess.run([*command, str(5 + SAMPLE)], capture_output=True, text=True, check=True).stdout.split()[0])
    return (many - few) / SAMPLE


@contextmanager
def mounted(config):
    """The folder where sshfs has the volume `ds`, fresh; or None, and why not."""
    with tempfile.TemporaryDirectory() as folder:
        mount = subprocess.run(["sshfs", "-F", str(config), "esx:/vmfs/volumes/ds/", folder, "-o", "BatchMode=yes"],
                               capture_output=True, text=True)
        if mount.returncode != 0:
            yield None, (mount.stderr.strip() or "sshfs does not mount").splitlines()[-1]
            return
        try:
            yield folder, ""
        finally:
            subprocess.run(["fusermount3" if shutil.which("fusermount3") else "fusermount", "-u", folder], check=True)


def by_sshfs(config):
    """Seconds for each folder that a script takes on a mount, or why that cannot be told."""
    with mounted(config) as (folder, reason):
        if folder is None:
            return None, reason
        walks = [seconds([sys.executable, "-c", WALK, folder, number]) for number in ("5", str(10 + SAMPLE), "5")]
    # The first five were in sshfs's cache the second time: five more were read instead.
    return (walks[1] - walks[2]) / (5 + SAMPLE), ""


def bench_sftp(host, config, port, count, line):
    command = scan(config, "sftp")
    _, requests, outstanding = costs(command)
    row(f"SFTP, {count} VMs, {line}: requests per VM; {outstanding} outstanding at most", f"{requests / count:.1f}", "<= 20", "20",
        requests <= 20 * count and outstanding >= 64)
    ours = statistics.median(seconds(command) for _ in range(3))
    one = count * inventory_by([READS, "libssh2", str(port), str(host.key_file), "inventory", "/vmfs/volumes/ds"])
    row(f"SFTP, {count} VMs, {line}: {ours:.2f} s; one call at a time {one:.1f} s (from {SAMPLE} VMs)", f"{one / ours:.0f}x",
        ">= 20", "43x", one >= 20 * ours)
    mounted, reason = by_sshfs(config)
    if mounted is None:
        rows.append((f"SFTP, {count} VMs, {line}: sshfs not measured: {reason}", "", ">= 20", "36x", ""))
        return
    row(f"SFTP, {count} VMs, {line}: {ours:.2f} s; sshfs with a script {count * mounted:.1f} s (from {SAMPLE + 5} VMs)",
        f"{count * mounted / ours:.0f}x", ">= 20", "36x", count * mounted >= 20 * ours)


def read_seconds(*command):
    return float(subprocess.run([READS, *map(str, command)], capture_output=True, text=True, check=True).stdout.split()[0])


def bench_ranges(host, config, port):
    file = "/vmfs/volumes/bulk/bulk"
    ours = statistics.median(read_seconds("ours", config, "esx", "scattered", file, RANGES) for _ in range(5))
    peer = statistics.median(read_seconds("libssh2", port, host.key_file, "scattered", file, RANGES) for _ in range(5))
    row(f"{RANGES} scattered ranges of 64 KiB, 1 ms: {ours:.3f} s; libssh2 seek and read {peer:.2f} s", f"{peer / ours:.1f}x", ">= 8",
        "9x", peer >= 8 * ours)


def read_bulk(config, how):
    return [READS, "ours", str(config), "esx", how, "/vmfs/volumes/bulk/bulk", str(BULK_MIB)]


def bench_bulk(config, line, goal, floor):
    ours, peer = paired(read_bulk(config, "bulk"),
                        ["sftp", "-q", "-F", str(config), "esx:/vmfs/volumes/bulk/bulk", "/dev/null"], rounds=5)
    row(f"{BULK_MIB} MiB in a row, {line}: {ours:.2f} s; OpenSSH sftp {peer:.2f} s, same cipher and MAC", f"{peer / ours:.2f}x",
        f">= {goal}", floor, peer >= goal * ours)


def bench_second_connection(config, line):
    both, alone = paired(read_bulk(config, "bulk"), read_bulk(config, "alone"), rounds=5)
    row(f"{BULK_MIB} MiB in a row, {line}: {both:.2f} s; over one connection {alone:.2f} s", f"{alone / both:.2f}x",
        ">= 1.3", "-", alone >= 1.3 * both)


def make_bulk(folder):
    folder.mkdir(exist_ok=True)
    if not (folder / "bulk").exists():
        with open("/dev/urandom", "rb") as random, open(folder / "bulk.new", "wb") as file:
            for _ in range(BULK_MIB):
                file.write(random.read(1 << 20))
        (folder / "bulk.new").rename(folder / "bulk")
    return folder


def bench_reads(folder):
    with Standin(TOP, "7.0", [f"bulk={make_bulk(folder / 'bulk')}"], ONE_ALGORITHM) as host:
        bench_bulk(host.ssh_config, "0 ms", 0.7, "0.97x")
        with Line(host.port, round_trip_s=0.001) as line:
            config = host.config_behind(line.port)
            bench_bulk(config, "1 ms", 0.65, "0.71x")
            bench_ranges(host, config, line.port)
        with Line(host.port, round_trip_s=0.01) as line:
            config = host.config_behind(line.port)
            bench_bulk(config, "10 ms", 0.8, "-")
            bench_second_connection(config, "10 ms")
        with Line(host.port, round_trip_s=0.02) as line:
            bench_bulk(host.config_behind(line.port), "20 ms", 1.0, "1.29x")


def bench_ssh(options):
    subprocess.run(["ninja", "-C", TOP / "build", "--quiet", "ssh_reads"], check=True)
    bench_reads(options.dir)
    for count in sorted({min(500, options.vms), options.vms}):
        root = options.dir / f"vms-{count}"
        make_datastore(root, count)
        with Standin(TOP, "7.0", [f"ds={root}"], ONE_ALGORITHM) as host:
            for command in ("vim-cmd", "esxcli", "localcli", "vmware"):  # awk in their place takes longer than all the files
                (host.root / "bin" / command).unlink()
            for milliseconds in (1, 20):
                with Line(host.port, round_trip_s=milliseconds / 1000) as line:
                    config = host.config_behind(line.port)
                    bench_stream(config, count, f"{milliseconds} ms")
                    bench_sftp(host, config, line.port, count, f"{milliseconds} ms")
