"""Every rule finds its feature in its positive examples, and not in its negative examples."""

import pytest

from featdisc_assets.surface.rating import RULES, apply_rule
from featdisc_assets.surface.view import view_of
from tests.surface import cases_formatting, cases_model_conduct, cases_tone, cases_user_requests, cases_user_stakes
from tests.surface.cases import Case

TABLES = (cases_formatting, cases_model_conduct, cases_tone, cases_user_requests, cases_user_stakes)
CASES: dict[str, Case] = {name: case for table in TABLES for name, case in table.CASES.items()}
BY_NAME = {rule.name: rule for rule in RULES}


def examples(which: str) -> list[tuple[str, str]]:
    return [(name, text) for name, case in CASES.items() for text in getattr(case, which)]


def test_every_rule_has_positive_and_negative_examples() -> None:
    assert len(BY_NAME) == len(RULES), "two rules share a name"
    assert set(CASES) == set(BY_NAME)
    assert sum(len(table.CASES) for table in TABLES) == len(CASES), "a rule is in two tables"
    assert all(case.yes and case.no for case in CASES.values())


@pytest.mark.parametrize(("name", "text"), examples("yes"))
def test_rule_finds(name: str, text: str) -> None:
    assert apply_rule(BY_NAME[name], view_of(text, CASES[name].kind))


@pytest.mark.parametrize(("name", "text"), examples("no"))
def test_rule_finds_nothing(name: str, text: str) -> None:
    assert apply_rule(BY_NAME[name], view_of(text, CASES[name].kind)) == []


@pytest.mark.parametrize(("name", "text"), examples("yes"))
def test_features_have_at_most_eight_words(name: str, text: str) -> None:
    found = BY_NAME[name].find(view_of(text, CASES[name].kind))
    features = [found] if isinstance(found, str) else found or []
    assert [f for f in features if len(f.split()) > 8] == []
