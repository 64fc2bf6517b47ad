"""How the header of a CTK file is read, stated once more for the tests from the contract's words (section 5, "fits"),
and random headers to hold the decoder against it. Lengths in sectors but for `size`, in bytes.
"""
import random
import struct
from collections import namedtuple

PLACES = (16, 24)  # where a capacity may stand
OFFSETS = range(16, 44, 4)  # of the words whose meaning is not known
BLOCK_SIZES = [1 << k for k in range(5, 18)]  # 16 KiB to 64 MiB
GIB = 1 << 21

Pair = namedtuple("Pair", "capacity place block at n counts")  # at: of the block size; counts: offsets that hold n
Case = namedtuple("Case", "header size disk newest")
NOT_UNDERSTOOD = ("unrecognised", None, None, None, None, "not understood")


def word(header, at):
    return struct.unpack_from("<I", header, at)[0]


def capacity_at(header, place):
    return struct.unpack_from("<Q", header, place)[0]


def count_of(capacity, block):
    return (capacity + block - 1) // block


def table_end(n):
    return 512 + 4 * n


def is_rounded(size, n):
    return any(size % unit == 0 and 0 <= size - table_end(n) < unit for unit in (512, 4096, 65536))


def usual_block(capacity):
    return next(128 << k for k in range(64) if count_of(capacity, 128 << k) <= 1 << 21)


def pairs_of(header):
    pairs = []
    for place in PLACES:
        capacity, free = capacity_at(header, place), [at for at in OFFSETS if at not in (place, place + 4)]
        for at in free:
            block = word(header, at)
            if block in BLOCK_SIZES and block <= capacity:
                n = count_of(capacity, block)
                pairs.append(Pair(capacity, place, block, at, n, [o for o in free if o != at and word(header, o) == n]))

    def is_shadowed(pair):
        usual = usual_block(pair.capacity)
        return pair.block != usual and any(
            other.block == usual and other.place == pair.place and other.at in pair.counts
            and (other.block, other.n) == (pair.n, pair.block) for other in pairs)

    return [pair for pair in pairs if not is_shadowed(pair)]


def agreed(pairs):
    return pairs[0] if len({(pair.capacity, pair.block) for pair in pairs}) == 1 else None


def first(*found):
    return next((each for each in found if each), None)


def choose(header, size, disk):
    """(pair, verdict), or (None, None)."""
    pairs = pairs_of(header)
    exact = [pair for pair in pairs if size == table_end(pair.n)]
    mine = [pair for pair in exact if pair.capacity == disk]
    if pair := first(agreed([pair for pair in mine if pair.counts]), agreed(mine)):
        return pair, "fits"
    if pair := agreed([pair for pair in pairs if pair.counts and pair.capacity == disk]):
        if size == table_end(pair.n) or is_rounded(size, pair.n):
            return pair, "fits"
        return pair, "cut" if size < table_end(pair.n) else "padded"
    group = first([pair for pair in exact if pair.counts], exact,
                  [pair for pair in pairs if pair.counts and is_rounded(size, pair.n)])
    if group:
        pair = first(agreed(group), agreed([pair for pair in group if pair.capacity == disk]))
        if pair:
            excess = 0 if disk is None else pair.capacity - disk
            return pair, "covers less" if excess < 0 else "fits" if excess < pair.block else "covers more"
    elif size >= 512 and any(word(header, at) == (size - 512) // 4 for at in OFFSETS):
        for pair in pairs:
            if pair.capacity == disk and (size - 512) // 4 < pair.n:
                return pair, "covers less"
    return derive(header, size, disk)


def derive(header, size, disk):
    """The number of blocks stands, and the block size is what explains the size."""
    places = [place for place in PLACES if capacity_at(header, place) == disk]
    blocks = [block for block in BLOCK_SIZES if disk is not None and size == table_end(count_of(disk, block))
              and any(word(header, at) == count_of(disk, block) for at in OFFSETS)]
    if not places or len(blocks) != 1:
        return None, None
    return Pair(disk, places[0], blocks[0], None, count_of(disk, blocks[0]), []), "fits"


def epoch_of(header, pair, newest):
    words = [word(header, at) for at in OFFSETS if at not in (pair.place, pair.place + 4, pair.at)]
    for value in [pair.n] if pair.n in words else [4 * pair.n, table_end(pair.n)]:
        if value in words:
            words.remove(value)
    words = [value for value in words if value and (newest is None or value >= newest)]
    return words[0] if len(words) == 1 else None


def read(case):
    """(layout, capacity, block, n, epoch, verdict)."""
    pair, verdict = choose(case.header, case.size, case.disk)
    if pair is None:
        return NOT_UNDERSTOOD
    layout = "confirmed" if word(case.header, 4) == 1 else "inferred"
    return layout, pair.capacity, pair.block, pair.n, epoch_of(case.header, pair, case.newest), verdict


# --- random headers --------------------------------------------------------------------------------------------------


def random_capacity(dice):
    return dice.choice([dice.randrange(1, 600), dice.randrange(1, 1 << 16), dice.choice((1, 8, 16, 100)) * 2048,
                        dice.choice((1, 2, 4, 8, 40, 50, 100, 128)) * GIB, dice.choice((129, 200, 256, 600)) * GIB,
                        10000 * GIB, 62 * 1024 * GIB, dice.randrange(1 << 40), dice.randrange(1 << 40),
                        dice.randrange(1 << 64)])


def random_words(dice, capacity, block, n):
    """The seven words from 16 on: as they are thought to stand, in another order, or anything."""
    epoch = dice.choice([1, 2, 4, 105, block, n & 0xFFFFFFFF, block // 4, dice.randrange(1 << 32), 0])
    sizes = [block] * 15 + [block * 512 & 0xFFFFFFFF, block.bit_length() - 1, 0, dice.choice(BLOCK_SIZES)]
    counts = [n] * 15 + [4 * n, table_end(n), 0, dice.randrange(1 << 20)]
    count = dice.choice(counts) & 0xFFFFFFFFFFFFFFFF
    low, high = capacity & 0xFFFFFFFF, capacity >> 32
    extra = dice.choice([0, 0, 0, 0, 1, 2, epoch, block, n & 0xFFFFFFFF, low])
    rest = [count & 0xFFFFFFFF, count >> 32, dice.choice(sizes), epoch, extra]
    if dice.random() < 0.6:
        dice.shuffle(rest)
    words = [low, high] + rest if dice.random() < 0.6 else rest[:2] + [low, high] + rest[2:]
    if dice.random() < 0.1:
        dice.shuffle(words)
    if dice.random() < 0.1:
        words[dice.randrange(7)] = dice.choice([dice.randrange(1 << 32), dice.choice(BLOCK_SIZES), low])
    return words


def random_size(dice, n):
    unit = dice.choice((1, 1, 1, 1, 512, 4096, 65536))
    size = -(-table_end(n) // unit) * unit
    return max(0, size + dice.choice([0] * 30 + [-4, 4, 512, -512, 60000, -size // 2, 4 * n, dice.randrange(1 << 20)]))


def random_case(dice):
    capacity = random_capacity(dice)
    block = dice.choice([usual_block(capacity) & 0xFFFFFFFF] * 20 + [*BLOCK_SIZES, 16, 1 << 18, 100])
    n = count_of(capacity, block or 128)
    words = random_words(dice, capacity, block, n)
    if dice.random() < 0.1:  # the disk was extended, and the header too
        words[0] = dice.choice((2 * capacity, capacity + GIB)) & 0xFFFFFFFF
    words = [value & 0xFFFFFFFF for value in words]
    header = struct.pack("<11I", 0xF61972A2, dice.choice((1, 1, 1, 2, 0, 7)), dice.choice((0, 0, 1)), 512, *words)
    disks = [capacity] * 12 + [capacity_at(header, 16), capacity_at(header, 24), 2 * capacity, capacity // 2,
                              capacity + 1, max(capacity - block, 0), max(capacity - block + 1, 0),
                              dice.randrange(1 << 36), None, None]
    disk = dice.choice(disks)
    newest = dice.choice([None, None, 0, 1, 4, 128, dice.choice(words), max(dice.choice(words) - 1, 0)])
    return Case(header, random_size(dice, n), None if disk is None else disk & 0xFFFFFFFFFFFFFFFF, newest)


def random_cases(seed, count):
    dice = random.Random(seed)
    return [random_case(dice) for _ in range(count)]
