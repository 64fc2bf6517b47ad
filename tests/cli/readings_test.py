"""The decoder of CTK headers held against the rule, stated once more in support/ctk_rule.py: random headers, the fields
in any order, files cut and padded, disks of any size. CBTCTL_CTK_READINGS says how many (.ci/nightly: a million)."""
import os
import struct
import subprocess

import pytest

import ctk_rule
from ctk_rule import Case, GIB

COUNT = int(os.environ.get("CBTCTL_CTK_READINGS", 20000))
BATCH = 20000
NOT_KNOWN = (1 << 64) - 1


@pytest.fixture(scope="module")
def decode(program_path):
    """What the decoder makes of each case, in the rule's form."""
    def decoded(cases):
        packed = [struct.pack("<44s3Q", case.header[:44], case.size, *(NOT_KNOWN if known is None else known
                                                                      for known in case[2:])) for case in cases]
        found = subprocess.run([program_path.parent / "ctk_readings"], input=b"".join(packed),
                               capture_output=True, check=True)
        return [reading(line) for line in found.stdout.decode().splitlines()]
    return decoded


def reading(line):
    layout, *numbers, verdict = line.split(" ", 5)
    return layout, *(None if number == "-" else int(number) for number in numbers), verdict


@pytest.mark.parametrize("seed", range(-(-COUNT // BATCH)))
def test_random_headers_are_read_by_the_rule(decode, seed):
    cases = ctk_rule.random_cases(seed, min(BATCH, COUNT))
    found = decode(cases)
    assert len(found) == len(cases)
    wrong = [(case, read, wanted) for case, read in zip(cases, found) if read != (wanted := ctk_rule.read(case))]
    assert not wrong, (len(wrong), wrong[:3])


def header(capacity, n, block, epoch, extra=0, version=1):
    return struct.pack("<4I2Q3I", 0xF61972A2, version, 0, 512, capacity, n, block, epoch, extra)


FORTY = 40 * GIB


@pytest.mark.parametrize("case, block, epoch, verdict", [
    *((Case(header(FORTY, 655360, 128, epoch), 2621952, FORTY, None), 128, epoch, "fits")
      for epoch in (4, 128, 655360)),
    *((Case(header(128 * GIB, 1 << 21, 128, epoch), 8389120, 128 * GIB, None), 128, epoch, "fits")
      for epoch in (4, 128, 1 << 21)),
    (Case(header(16384, 128, 128, 3), 1024, 16384, None), 128, 3, "fits"),
    (Case(header(16384, 128, 128, 128), 1024, 16384, None), 128, 128, "fits"),
    (Case(header(2048, 16, 128, 3), 576, 2048, None), 128, 3, "fits"),
    (Case(header(FORTY, 655360, 128, 4), 4096, FORTY, None), 128, 4, "cut"),
    (Case(header(FORTY, 655360, 128, 4), 1 << 22, FORTY, None), 128, 4, "padded"),
    (Case(header(FORTY, 655360, 128, 4), 2621952, 2 * FORTY, None), 128, 4, "covers less"),
    (Case(header(2 * FORTY, 655360, 128, 4), 2621952, 2 * FORTY, None), 128, None, "covers less"),
    (Case(header(FORTY, 655360, 128, 4), 2621952, FORTY // 2, None), 128, 4, "covers more"),
    (Case(header(FORTY, 655360, 65536, 4), 2621952, FORTY, 4), 128, None, "fits"),
    (Case(header(FORTY, 655360, 7, 900), 2621952, FORTY, 800), 128, 900, "fits"),
    (Case(header(FORTY, 4 * 655360, 128, 32), 2621952, FORTY, None), 128, 32, "fits"),
    (Case(header(FORTY, 0, 128, 9), 2621952, FORTY, None), 128, 9, "fits"),
    (Case(header(FORTY, 655360, 128, 300, 1), 2621952, FORTY, 299), 128, 300, "fits"),
    (Case(header(FORTY, 655360, 128, 300, 1), 2621952, FORTY, None), 128, None, "fits"),
    (Case(header(FORTY, 655360, 128, 4), 2621952, FORTY, 5), 128, None, "fits"),
    (Case(header(77, 0, 128, 4), 2621952, FORTY, None), None, None, "not understood")])
def test_each_case_of_the_rule(decode, case, block, epoch, verdict):
    """The rule as stated for the tests, and the decoder."""
    for _, _, found, _, at, told in (ctk_rule.read(case), *decode([case])):
        assert (found, at, told) == (block, epoch, verdict)


def test_another_version_is_read_by_the_same_layout_and_marked(decode):
    case = Case(header(FORTY, 655360, 128, 4, version=2), 2621952, FORTY, None)
    assert decode([case]) == [ctk_rule.read(case)] == [("inferred", FORTY, 128, 655360, 4, "fits")]
