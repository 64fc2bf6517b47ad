"""Disks for tools/bench: raw images, flat bases, COWD and seSparse deltas, made once and kept. Same arguments, same
bytes."""
import array
import os
import random
import struct

SECTOR = 512
MIB = 1 << 20
GIB = 1 << 30
POOL = random.Random(0).randbytes(8 * MIB)  # never zeros, so that nobody finds holes in it


def noise(chance, length):
    at = chance.randrange(len(POOL) - length) & ~15
    return POOL[at:at + length]


def once(path):
    """False where the file is there already; else a name to make it under, so that half a file is never taken for one."""
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(path.name + ".part")


def image(path, size, island, stride, seed=1, until=None):
    """A raw image with `island` bytes of data at every multiple of `stride`, up to `until`."""
    part = once(path)
    if part is None:
        return path
    chance = random.Random(seed)
    with open(part, "wb") as file:
        for at in range(0, until or size, stride):
            file.seek(at)
            for done in range(0, island, MIB):
                file.write(noise(chance, min(MIB, island - done)))
        file.truncate(size)
    os.rename(part, path)
    return path


def descriptor(path, create_type, extents, cid, parent=None):
    path.write_text("\n".join(
        ["# Disk DescriptorFile", "version=1", 'encoding="UTF-8"', f"CID={cid}",
         f"parentCID={'11111111' if parent else 'ffffffff'}", f'createType="{create_type}"',
         *([f'parentFileNameHint="{parent}"'] if parent else []), *extents, 'ddb.adapterType = "lsilogic"', ""]))
    return path


def flat_disk(path, size, **data):
    flat = path.with_name(path.stem + "-flat.vmdk")
    image(flat, size, **data)
    return descriptor(path, "vmfs", [f'RW {size // SECTOR} VMFS "{flat.name}"'], "11111111")


def pieces_of(chance, size, piece, total):
    """Places of `piece` bytes, in the order in which a guest wrote them: none."""
    places = chance.sample(range(size // piece), total // piece)
    return places


def cowd_delta(path, size, piece, total, parent, seed=2):
    """COWD with grains of one sector and `total` bytes in pieces, each table where its first grain was written."""
    delta = path.with_name(path.stem + "-delta.vmdk")
    part = once(delta)
    if part is not None:
        chance = random.Random(seed)
        tables = -(-size // SECTOR // 4096)
        directory = array.array("I", bytes(4 * tables))
        entries = {}
        at = 4 + -(-tables * 4 // SECTOR)
        sectors = piece // SECTOR
        with open(part, "wb") as file:
            for place in pieces_of(chance, size, piece, total):
                grain = place * sectors
                table = grain // 4096
                if table not in entries:
                    directory[table] = at
                    entries[table] = array.array("I", bytes(4 * 4096))
                    at += 32
                first = grain % 4096
                entries[table][first:first + sectors] = array.array("I", range(at, at + sectors))
                file.seek(at * SECTOR)
                file.write(noise(chance, piece))
                at += sectors
            for table, numbers in entries.items():
                file.seek(directory[table] * SECTOR)
                file.write(numbers.tobytes())
            file.seek(4 * SECTOR)
            file.write(directory.tobytes())
            file.seek(0)
            file.write(struct.pack("<4s7I", b"COWD", 1, 3, size // SECTOR, 1, 4, tables, at).ljust(4 * SECTOR, b"\0"))
        os.rename(part, delta)
    return descriptor(path, "vmfsSparse", [f'RW {size // SECTOR} VMFSSPARSE "{delta.name}"'], "22222222", parent)


def sesparse_delta(path, size, grains, tables_used, parent=None, seed=3):
    """seSparse with `grains` grains, each for itself, in `tables_used` tables; the grains' own bytes are a hole."""
    delta = path.with_name(path.stem + "-sesparse.vmdk")
    part = once(delta)
    if part is not None:
        chance = random.Random(seed)
        tables = -(-size // (4096 * 4096))
        directory_sectors = -(-tables * 8 // SECTOR)
        used = sorted(chance.sample(range(tables), min(tables_used, tables)))
        each = grains // len(used)
        areas, at = [], 1
        for length in (1, 8, 2048, directory_sectors, len(used) * 64, 8, 8, size // SECTOR):
            areas += [at, length]
            at += length
        directory, first_table, first_grain = areas[6], areas[8], areas[14]
        numbers = array.array("Q", bytes(8 * directory_sectors * 64))
        stored = 0
        with open(part, "wb") as file:
            for index, table in enumerate(used):
                numbers[table] = 0x1000000000000000 | index
                entries = array.array("Q", bytes(8 * 4096))
                for grain in chance.sample(range(4096), min(each, 4096)):
                    entries[grain] = 0x3000000000000000 | (stored & 0xFFF) << 48 | stored >> 12
                    stored += 1
                file.seek((first_table + index * 64) * SECTOR)
                file.write(entries.tobytes())
            file.seek(directory * SECTOR)
            file.write(numbers.tobytes())
            file.seek(SECTOR)
            file.write(struct.pack("<4Q", 0xCAFECAFE, 0, 0, 0))
            file.seek(0)
            file.write(struct.pack("<26Q", 0xCAFEBABE, 0x200000001, size // SECTOR, 8, 64, 0, 0, 0, 0, 0, *areas))
            file.truncate((first_grain + stored * 8) * SECTOR)
        os.rename(part, delta)
    return descriptor(path, "seSparse", [f'RW {size // SECTOR} SESPARSE "{delta.name}"'], "22222222", parent)
