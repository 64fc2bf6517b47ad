"""Writes VMware's files as they lie on a datastore: the one place that packs them, for fixtures, tests and measures.

The big ones come as `pieces`, sector -> bytes, with the length of the file; `write_sparse` leaves holes between them.
"""
import struct
import zlib

SECTOR = 512
UUID = bytes.fromhex("52dec0d9b9439d1061d54c1be97b6563")


def write_sparse(path, pieces, length=0):
    with open(path, "wb") as file:
        for sector, content in sorted(pieces.items()):
            file.seek(sector * SECTOR)
            file.write(content)
        file.truncate(max(length, file.seek(0, 2)))


# --- tracking files --------------------------------------------------------------------------------------------------


def default_block(sectors):
    """The sectors of a block that ESXi chooses for a disk of so many."""
    block = 128
    while -(-sectors // block) > 1 << 21:
        block *= 2
    return block


def ctk_header(sectors, block=128, epoch=4, uuid=UUID, version=1, dirty=0, at=(16, 24, 32, 36)):
    """The first sector of a CTK file, as formats/ctk/FORMAT.md has it; `at` moves capacity, number of blocks, block and
    epoch, 0 leaves one out."""
    header = bytearray(SECTOR)
    struct.pack_into("<4I", header, 0, 0xF61972A2, version, dirty, SECTOR)
    for place, shape, value in zip(at, ("<Q", "<Q", "<I", "<I"), (sectors, -(-sectors // block), block, epoch)):
        if place:
            struct.pack_into(shape, header, place, value)
    header[44:60] = uuid
    return bytes(header)


def ctk_length(sectors, block=128):
    """The bytes of a whole CTK file."""
    return SECTOR + 4 * -(-sectors // block)


def ctk_entries(*epochs):
    """So many entries of its table, each the epoch in which the block was written last."""
    return struct.pack(f"<{len(epochs)}I", *epochs)


def ctk_file(sectors, block=128, entry=4, **header):
    """A whole CTK file with the same entry for each block."""
    return ctk_header(sectors, block, **header) + ctk_entries(entry) * -(-sectors // block)


# --- descriptors -----------------------------------------------------------------------------------------------------


def descriptor(create_type, extents, parent=None, ctk=None, cid="9f2c11aa", parent_cid=None, version=None,
               uuid=None, native="no"):
    """The text of a disk; `extents` are whole lines, `ctk` the name of the file that tracks it."""
    version = version or (1 if ctk is None else 3)
    parent_cid = parent_cid or ("1b77e0d4" if parent else "ffffffff")
    lines = ["# Disk DescriptorFile", f"version={version}", 'encoding="UTF-8"', f"CID={cid}",
             f"parentCID={parent_cid}", f'isNativeSnapshot="{native}"', f'createType="{create_type}"']
    if parent:
        lines.append(f'parentFileNameHint="{parent}"')
    lines += ["", "# Extent description", *extents, ""]
    if ctk is not None:
        lines += ["# Change Tracking File", f'changeTrackPath="{ctk}"', ""]
    lines += ["# The Disk Data Base ", "#DDB", "", 'ddb.adapterType = "lsilogic"',
              f'ddb.longContentID = "dc2d48eb61aee3399ed03ee4{cid}"', 'ddb.virtualHWVersion = "13"']
    if uuid:
        lines.append(f'ddb.uuid = "{uuid}"')
    if create_type == "seSparse":
        lines.append('ddb.grain = "8"')
    return "\n".join(lines) + "\n"


# --- extents ---------------------------------------------------------------------------------------------------------


def flat(sectors, grains):
    """A boot sector, and in each grain of 64 KiB n bytes of value n % 255 + 1."""
    pieces = {0: bytes(510) + b"\x55\xaa"} | {g * 128: bytes([g % 255 + 1]) * 65536 for g in grains if g}
    return pieces, sectors * SECTOR


def cowd(sectors, grains):
    """vmfsSparse with grains of one sector; grain n holds bytes of value n % 255 + 1."""
    tables = -(-sectors // 4096)
    directory_sectors = -(-tables * 4 // SECTOR)
    next_sector = 4 + directory_sectors
    directory = [0] * tables
    pieces = {}
    by_table = {}
    for grain in grains:
        by_table.setdefault(grain // 4096, []).append(grain)
    for table, members in sorted(by_table.items()):
        directory[table] = next_sector
        entries = [0] * 4096
        at = next_sector + 32
        for grain in members:
            entries[grain % 4096] = at
            pieces[at] = bytes([grain % 255 + 1]) * SECTOR
            at += 1
        pieces[next_sector] = struct.pack("<4096I", *entries)
        next_sector = at
    header = struct.pack("<4s7I", b"COWD", 1, 3, sectors, 1, 4, tables, next_sector)
    pieces[0] = header.ljust(4 * SECTOR, b"\0")
    pieces[4] = struct.pack(f"<{tables}I", *directory).ljust(directory_sectors * SECTOR, b"\0")
    return pieces, next_sector * SECTOR


def sesparse(sectors, grains):
    """seSparse; grain n of 4 KiB holds bytes of value n % 255 + 1. "n:z" is a zero grain, "n:u" an unmapped one."""
    total = -(-sectors // 8)
    tables = -(-total // 4096)
    directory_sectors = max(-(-tables * 8 // SECTOR), 8)
    layout, at = {}, 8
    for name, length in (("journal_header", 8), ("journal", 2048), ("directory", directory_sectors)):
        layout[name] = (at, length)
        at += length
    used = sorted({int(str(g).split(":")[0]) // 4096 for g in grains})
    layout["tables"] = (at, max(len(used), 1) * 64)
    at += layout["tables"][1]
    for name in ("bitmap", "backmap"):
        layout[name] = (at, 8)
        at += 8
    layout["grains"] = (at, total * 8)
    header = struct.pack(
        "<26Q", 0xCAFEBABE, 0x200000001, sectors, 8, 64, 0, 0, 0, 0, 0, 1, 1, *layout["journal_header"],
        *layout["journal"], *layout["directory"], *layout["tables"], *layout["bitmap"], *layout["backmap"],
        *layout["grains"])
    pieces = {0: header.ljust(SECTOR, b"\0"), 1: struct.pack("<4Q", 0xCAFECAFE, 0, 0, 0).ljust(SECTOR, b"\0")}
    directory = [0] * (directory_sectors * SECTOR // 8)
    entries = {table: [0] * 4096 for table in used}
    for index, table in enumerate(used):
        directory[table] = 0x1000000000000000 | index
    stored = 0
    for grain in grains:
        number, _, state = str(grain).partition(":")
        number = int(number)
        if state:
            entry = 0x2000000000000000 if state == "z" else 0x1000000000000000
        else:
            entry = 0x3000000000000000 | (stored & 0xFFF) << 48 | stored >> 12
            pieces[layout["grains"][0] + stored * 8] = bytes([number % 255 + 1]) * 4096
            stored += 1
        entries[number // 4096][number % 4096] = entry
    pieces[layout["directory"][0]] = struct.pack(f"<{len(directory)}Q", *directory)
    for index, table in enumerate(used):
        pieces[layout["tables"][0] + index * 64] = struct.pack("<4096Q", *entries[table])
    return pieces, (layout["grains"][0] + stored * 8) * SECTOR


def hosted_header(sectors, flags, version, descriptor, rgd, gd, overhead, compression):
    head = struct.pack("<4sIIQQQQIQQQB4sH", b"KDMV", version, flags, sectors, 128, *descriptor, 512, rgd, gd,
                       overhead, 0, b"\n \r\n", compression)
    return head.ljust(SECTOR, b"\0")


def monolithic(sectors, grains, text=b""):
    """Hosted sparse, grains of 64 KiB; with `text` its descriptor is embedded."""
    tables = -(-(-(-sectors // 128)) // 512)
    directory_sectors = -(-tables * 4 // SECTOR)
    rgd = 21 if text else 1
    gd = rgd + directory_sectors + tables * 4
    end = gd + directory_sectors + tables * 4
    overhead = -(-end // 128) * 128
    pieces = {0: hosted_header(sectors, 3, 1, (1, 20) if text else (0, 0), rgd, gd, overhead, 0)}
    if text:
        pieces[1] = text.ljust(20 * SECTOR, b"\0")
    entries = [0] * (tables * 512)
    at = overhead
    for grain in grains:
        entries[grain] = at
        pieces[at] = bytes([grain % 255 + 1]) * 65536
        at += 128
    for start in (rgd, gd):
        first = start + directory_sectors
        pieces[start] = struct.pack(f"<{tables}I", *(first + 4 * i for i in range(tables))).ljust(
            directory_sectors * SECTOR, b"\0")
        pieces[first] = struct.pack(f"<{tables * 512}I", *entries)
    return pieces, at * SECTOR


def stream(sectors, grains, text):
    """streamOptimized: compressed grains, then tables, directory, footer and end-of-stream."""
    tables = -(-(-(-sectors // 128)) // 512)
    out = [hosted_header(sectors, 0x30001, 3, (1, 20), 0, 0xFFFFFFFFFFFFFFFF, 128, 1), text.ljust(20 * SECTOR, b"\0")]
    out.append(b"\0" * (128 - 21) * SECTOR)
    at, entries = 128, [0] * (tables * 512)
    for grain in grains:
        packed = zlib.compress(bytes([grain % 255 + 1]) * 65536, 6)
        blob = struct.pack("<QI", grain * 128, len(packed)) + packed
        blob = blob.ljust(-(-len(blob) // SECTOR) * SECTOR, b"\0")
        entries[grain] = at
        out.append(blob)
        at += len(blob) // SECTOR
    directory = []
    for table in range(tables):
        part = entries[table * 512:(table + 1) * 512]
        out.append(struct.pack("<QII", 4, 0, 1).ljust(SECTOR, b"\0") + struct.pack("<512I", *part))
        directory.append(at + 1)
        at += 5
    directory_sectors = -(-tables * 4 // SECTOR)
    out.append(struct.pack("<QII", directory_sectors, 0, 2).ljust(SECTOR, b"\0"))
    out.append(struct.pack(f"<{tables}I", *directory).ljust(directory_sectors * SECTOR, b"\0"))
    gd = at + 1
    out.append(struct.pack("<QII", 1, 0, 3).ljust(SECTOR, b"\0"))
    out.append(hosted_header(sectors, 0x30001, 3, (1, 20), 0, gd, 128, 1))
    out.append(b"\0" * SECTOR)
    return b"".join(out)
