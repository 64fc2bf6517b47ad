"""Decoding the tables of CTK files against a plain read of them, and what starting the program costs."""
import random
import statistics
import struct
import subprocess

import vmware_files
from figures import CBTCTL, ROUNDS, row, seconds


def make_table(path, entries):
    blocks = 1 << 26  # 256 MiB
    header = vmware_files.ctk_header(blocks * 128, epoch=9, uuid=b"R" * 16)
    with open(path, "wb") as file:
        file.write(header)
        for piece in entries():
            file.write(piece)
        file.truncate(512 + 4 * blocks)


def realistic():
    """10 % changed, runs of 200 blocks on average."""
    chance, left = random.Random(1), 1 << 26
    one = {epoch: struct.pack("<I", epoch) for epoch in range(1, 10)}
    while left > 0:
        changed = min(left, 1 + int(chance.expovariate(1 / 200)))
        still = min(left - changed, 1 + int(chance.expovariate(1 / 1800)))
        yield one[chance.randint(2, 9)] * changed + one[1] * still
        left -= changed + still


def scattered():
    chance = random.Random(2)
    piece = b"".join(struct.pack("<I", chance.randint(0, 9)) for _ in range(1 << 18))
    for _ in range(1 << 8):
        yield piece


def bench_tables(folder):
    size = (1 << 28) + 512
    start = statistics.median(seconds([CBTCTL, "--version"]) for _ in range(ROUNDS))
    for name, entries, goal_gbs in (("realistic", realistic, None), ("random", scattered, 4.0)):
        path = folder / f"{name}-ctk.vmdk"
        if not path.exists():
            make_table(path, entries)
        reader = ["dd", f"if={path}", "of=/dev/null", "bs=256k", "status=none"]
        reader_start = statistics.median(seconds([*reader, "count=0"]) for _ in range(ROUNDS))
        bitmap = folder / "bitmap"
        for verb, command in (("ctk show", [CBTCTL, "ctk", "show", str(path)]), ("ctk blocks", [CBTCTL, "ctk", "blocks", str(path), "--since", "1", "--bitmap", "-o", str(bitmap)])):
            if verb == "ctk blocks" and name == "realistic":
                command = command[:6]
            a, b = [], []
            for _ in range(ROUNDS):
                bitmap.unlink(missing_ok=True)
                a.append(seconds(command))
                b.append(seconds(reader))
            ours, theirs = statistics.median(a) - start, statistics.median(b) - reader_start
            rate = size / ours / 1e9
            if goal_gbs is None:
                row(f"{verb}, 256 MiB table, realistic: {rate:.1f} GB/s; plain read {size / theirs / 1e9:.1f} GB/s", f"{theirs / ours:.2f} of it", ">= 0.7", "0.9", theirs / ours >= 0.7)
            else:
                row(f"{verb}, 256 MiB table, random", f"{rate:.1f} GB/s", f">= {goal_gbs}", "7.5", rate >= goal_gbs)
    help_start = statistics.median(seconds([CBTCTL, "--help"]) for _ in range(51))
    plain = statistics.median(seconds(["/bin/true"]) for _ in range(51))
    peer = statistics.median(seconds(["ssh", "-V"], errors=subprocess.DEVNULL) for _ in range(51))
    row(f"--help (here /bin/true takes {plain * 1000:.1f} ms, ssh -V {peer * 1000:.1f}, on the reference 3.3)", f"{help_start * 1000:.1f} ms",
        "<= 3 ms", "2.8 ms", help_start - plain <= 0.003)
