"""Holds what `check --deep` finds against what the recipes say: lines `# finding CODE PATH [CERTAINTY]`, no more and no
less. Every code of the catalogue stands in some recipe."""
import functools

import pytest

from folders import FIXTURES


def wanted_in(case):
    """{(code, path): certainty or None}."""
    lines = (FIXTURES / case / "recipe").read_text().splitlines()
    words = [line.split()[2:] for line in lines if line.startswith("# finding ")]
    return {(code, path): certainty[0] if certainty else None for code, path, *certainty in words}


CASES = [recipe.parent.name for recipe in sorted(FIXTURES.glob("*/recipe"))]
JUDGED = [case for case in CASES if wanted_in(case) or case == "healthy"]
DOUBTED = [case for case in JUDGED if "ctk-format-doubted" in {code for code, _ in wanted_in(case)}]
WANTED = [(case, *finding) for case in JUDGED for finding in wanted_in(case)]
CERTAIN = [(*finding, wanted_in(finding[0])[finding[1:]]) for finding in WANTED if wanted_in(finding[0])[finding[1:]]]


@pytest.fixture(scope="module")
def findings_of(module_program, fixtures):
    """Each datastore is checked once."""
    @functools.cache
    def checked(case):
        return module_program.json("check", "--deep", fixtures / case)["findings"]
    return checked


def test_recipes_name_findings_and_their_certainty_and_a_doubted_format():
    assert WANTED and CERTAIN and DOUBTED and "healthy" in JUDGED


@pytest.mark.parametrize("case, code, path", WANTED)
def test_what_a_recipe_names_is_found(findings_of, case, code, path):
    assert (code, path) in {(finding["code"], finding["path"]) for finding in findings_of(case)}


@pytest.mark.parametrize("case, code, path, certainty", CERTAIN)
def test_a_finding_is_as_certain_as_its_recipe_says(findings_of, case, code, path, certainty):
    found = [f["certainty"] for f in findings_of(case) if (f["code"], f["path"]) == (code, path)]
    assert found == [certainty]


@pytest.mark.parametrize("case", JUDGED)
def test_there_is_no_false_alarm(findings_of, case):
    found = {(finding["code"], finding["path"]) for finding in findings_of(case)}
    assert not found - wanted_in(case).keys()


@pytest.mark.parametrize("case", DOUBTED)
def test_where_the_format_is_doubted_no_ctk_finding_offers_a_fix(findings_of, case):
    assert not [f for f in findings_of(case) if f["code"].startswith("ctk-") and f["fix"] != "none"]


@pytest.mark.parametrize("case", DOUBTED)
def test_the_doubt_is_told_first(findings_of, case):
    assert findings_of(case)[0]["code"] == "ctk-format-doubted"


def test_every_code_of_the_catalogue_stands_in_some_recipe(program):
    codes = {code["code"] for code in program.json("explain")["codes"]}
    assert codes and codes == {code for _, code, _ in WANTED}
