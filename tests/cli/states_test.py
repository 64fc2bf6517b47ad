"""Holds the states that `scan` tells against what the recipes expect: lines `# expect VMX SLOT STATE`."""
import functools

import pytest

from folders import FIXTURES

ALL_STATES = {"unreadable", "unsupported", "tracked", "broken", "pending", "leftover", "off", "partial"}


def unescaped(path):
    return path.encode().decode("unicode_escape") if "\\" in path else path


def expectations():
    """(case, path, slot, state) of every recipe."""
    for recipe in sorted(FIXTURES.glob("*/recipe")):
        for line in recipe.read_text().splitlines():
            if line.startswith("# expect "):
                yield recipe.parent.name, *line.removeprefix("# expect ").rsplit(" ", 2)


@pytest.fixture(scope="module")
def states_of(module_program, fixtures):
    """Each datastore is scanned once."""
    @functools.cache
    def scanned(case):
        found = module_program.states(fixtures / case)
        return {(unescaped(path), slot): state for (path, slot), state in found.items()}
    return scanned


@pytest.mark.parametrize("case, path, slot, state", expectations())
def test_a_disk_has_the_state_that_its_recipe_expects(states_of, case, path, slot, state):
    assert states_of(case).get((unescaped(path), slot)) == state


def test_every_state_is_expected_by_some_recipe():
    assert {state for *_, state in expectations()} == ALL_STATES
