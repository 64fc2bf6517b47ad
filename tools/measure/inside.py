"""Looking inside disks: comparing images, maps and exports of chains against qemu-img and cmp, and the memory it takes."""
import os
import tempfile
from pathlib import Path

import vmware_files
from disks import GIB, MIB, SECTOR, cowd_delta, flat_disk, image, once, sesparse_delta
from figures import CBTCTL, paired, peak_mib, row, seconds, times_faster

TIB = 1 << 40
KIB = 1 << 10


def tracking(path, size, block=64 * KIB):
    """A CTK file that says that nothing was ever written."""
    part = once(path)
    if part is None:
        return path
    with open(part, "wb") as file:
        file.write(vmware_files.ctk_header(size // SECTOR, block // SECTOR, epoch=9, uuid=b"R" * 16))
        file.truncate(vmware_files.ctk_length(size // SECTOR, block // SECTOR))
    os.rename(part, path)
    return path


def verify(before, after, ctk):
    return [CBTCTL, "ctk", "verify", "--images", str(before), str(after), str(ctk), "--since", "*"]


def share_of(what, ours, theirs, peer, goal, floor, rounds=7):
    """A row: our time in theirs."""
    a, b = paired(ours, theirs, rounds)
    row(f"{what}: {a * 1000:.0f} ms; {peer} {b * 1000:.0f} ms", f"{a / b:.2f}x", f"<= {goal}", floor, a / b <= goal)


def faster_than(what, ours, theirs, peer, goal, floor):
    a, b, more = times_faster(ours, theirs, goal)
    row(f"{what}: {a * 1000:.0f} ms; {peer} {more}{b:.1f} s", f"{more}{b / a:.0f}x", f">= {goal}x", floor, b / a >= goal)


def bench_compare(folder):
    dense = [image(folder / f"dense-{side}.raw", 4 * GIB, 4 * GIB, 4 * GIB) for side in "ab"]
    ctk = tracking(folder / "dense-ctk.vmdk", 4 * GIB)
    for path in dense:
        seconds(["cat", str(path)])
    qemu = ["qemu-img", "compare", "-f", "raw", "-F", "raw"]
    share_of("two dense 4 GiB images", verify(*dense, ctk), [*qemu, *map(str, dense)], "qemu-img compare", 0.75, "0.42")
    share_of("two dense 4 GiB images", verify(*dense, ctk), ["cmp", *map(str, dense)], "cmp", 0.35, "0.15", rounds=3)
    for path in dense:
        path.unlink()  # they would fill the cache
    sparse = [image(folder / f"sparse-{side}.raw", 16 * GIB, MIB, 32 * MIB) for side in "ab"]
    ctk = tracking(folder / "sparse-ctk.vmdk", 16 * GIB)
    share_of("16 GiB with 0.5 GiB of data", verify(*sparse, ctk), [*qemu, *map(str, sparse)], "qemu-img compare", 1.0, "0.64")


def cowd_chain(folder):
    flat_disk(folder / "cowd.vmdk", 8 * GIB, island=MIB, stride=2 * MIB)
    return cowd_delta(folder / "cowd-000001.vmdk", 8 * GIB, 64 * KIB, GIB, "cowd.vmdk")


def bench_map(folder):
    for what, path, goal, floor in (("COWD on flat, 8 GiB", cowd_chain(folder), 200, "500x"),
                                    ("seSparse, 2 TiB, 1 million grains", sesparse_delta(folder / "se.vmdk", 2 * TIB, 1 << 20, 4096), 5, "")):
        faster_than(f"map of {what}", [CBTCTL, "extents", "--json", str(path)], ["qemu-img", "map", "--output=json", str(path)], "qemu-img map", goal, floor)


def bench_export(folder):
    """Into memory, so that no disk is measured."""
    path = cowd_chain(folder)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        out, flat = Path(memory) / "out.raw", Path(memory) / "flat.raw"

        def export(*more):
            return ["sh", "-c", f'rm -f "{out}"; exec "$@"', "sh", CBTCTL, "export", str(path), str(out), *more]

        def convert(kind, source):
            return ["sh", "-c", f'rm -f "{out}"; exec "$@"', "sh", "qemu-img", "convert", "-f", kind, "-O", "raw", str(source), str(out)]

        seconds([CBTCTL, "export", str(path), str(flat), "--no-hash"])
        share_of("export of that COWD chain, no hash", export("--no-hash"), convert("raw", flat), "raw to raw by qemu-img", 1.5, "1.24", rounds=5)
        flat.unlink()
        faster_than("export of that COWD chain, hashed", export(), convert("vmdk", path), "qemu-img convert", 30, "50x")
        plain, data, whole = (min(seconds(export(*more)) for _ in range(3)) for more in (["--no-hash"], [], ["--sha256"]))
        row(f"what hashing adds to {plain:.1f} s: data {data - plain:.1f} s, all 8 GiB {whole - plain:.1f} s", f"{(whole - plain) / 8:.2f} s/GiB", "told", "", True)


def bench_memory(folder):
    """The largest disk that ESXi has."""
    size = 62 * TIB
    delta = sesparse_delta(folder / "huge.vmdk", size, 1 << 18, 1 << 12)
    ctk, fine = tracking(folder / "huge-ctk.vmdk", size, 32 * MIB), tracking(folder / "fine-ctk.vmdk", size)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        for what, *command in (("chain", str(delta)), ("extents", str(delta), "--json"), ("export", str(delta), f"{memory}/out.raw"),
                               ("ctk verify", "--images", str(delta), str(delta), str(ctk), "--since", "*"),
                               ("ctk map", str(fine))):
            peak, took = peak_mib([CBTCTL, *what.split(), *command])
            row(f"memory for {what} of 62 TiB ({took:.1f} s)", f"{peak:.0f} MiB", "< 256", "", peak < 256)


def bench_inside(options):
    for measure in (bench_compare, bench_map, bench_export, bench_memory):
        measure(options.dir)
