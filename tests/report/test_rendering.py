"""How figures, words and positions are printed in the report."""

import pytest

from featdisc_assets.report import rendering as reporting


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (0.0, "0%"), (1.0, "100%"), (0.00002, "<0.1%"), (0.9999, ">99.9%"), (0.125, "12.5%"),
        (0.05, "5.0%"),
    ],
)  # fmt: skip
def test_percent(value: float | None, shown: str) -> None:
    assert reporting.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "∞"),
        (1234.5, "1,234"),
        (9.96, "10"),
        (2.34, "2.3"),
        (0.256, "0.26"),
    ],
)
def test_figure(value: float | None, shown: str) -> None:
    assert reporting.figure(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "unknown"), (0, "$0.00"), (0.004, "<$0.01"), (1234.5, "$1,234.50")]
)
def test_dollars(value: float | None, shown: str) -> None:
    assert reporting.dollars(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\x00\x1b", "⟨U+0000⟩⟨U+001B⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("👩\u200d👧", "👩\u200d👧"),
        (7, 7),
        (None, ""),
    ],
)
def test_visible(text: object, shown: object) -> None:
    assert reporting.visible(text) == shown


def test_cut_folds_white_space_and_marks_what_is_missing() -> None:
    assert reporting.cut(" a\n\n b ", 10) == "a b"
    assert reporting.cut("abcdef", 4) == "abc…"
    assert reporting.cut(None, 4) == ""


@pytest.mark.parametrize(("highest", "end"), [(0.004, 0.01), (0.3, 0.5), (0.51, 1.0)])
def test_scale_ends_at_a_round_share(highest: float, end: float) -> None:
    assert reporting.scale([0.001, highest]) == end


def test_positions_stay_on_their_axis() -> None:
    assert reporting.along(0.25, 0.5) == "50.00%"
    assert reporting.log_along(10, 100) == "50.00%"
    assert reporting.log_along(0.2, 100) == "0.00%"
    assert reporting.log_along(1e9, reporting.log_scale([1e9])) == "100.00%"


@pytest.mark.parametrize(
    ("raters", "notice"),
    [
        ([("rate", "openai/gpt-5-mini"), ("name", "openai/gpt-5-mini")], ""),
        ([("rate", "surface/v1"), ("name", "openai/gpt-5-mini")], "Rated"),
        ([("rate", "surface/v1"), ("rate", "openai/gpt-5-mini")], "Rated in part"),
        ([("rate", "openai/gpt-5-mini"), ("name", "surface/v1"), ("interest", "surface/v1")], "Named and scored"),
        ([("rate", "openai/gpt-5-mini"), ("interest", "surface/v1")], "Scored for interest"),
    ],
)
def test_the_notice_says_which_work_the_built_in_rules_did(raters: list[tuple[str, str]], notice: str) -> None:
    assert reporting.baseline([{"purpose": purpose, "model": model} for purpose, model in raters]) == notice
