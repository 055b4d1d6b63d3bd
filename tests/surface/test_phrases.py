"""The language of phrases: what each line matches."""

import pytest

from featdisc_assets.surface.phrases import Phrases
from featdisc_assets.surface.rule import load_phrases
from featdisc_assets.surface.view import view_of
from featdisc_assets.surface.words import number_of


@pytest.mark.parametrize(
    ("phrase", "text", "hit"),
    [
        ("sorry", "Sorry!", "sorry"),
        ("i {can't|won't} help", "No, I CAN'T help.", "i can't help"),
        ("i can't help", "i cant help", "i cant help"),
        ("i'll be", "the ill be here", None),
        ("i am [so|very] sorry", "I am very sorry", "i am very sorry"),
        ("so apolog*", "so apologetic", "so apologetic"),
        ("in ... words", "in no more than ten words", "in no more than ten words"),
        ("in ... words", "in one two three four five words", None),
        ("in ..... words", "in one two three four five words", "in one two three four five words"),
        ("in ... words", "come in. ten words", None),
        ("in # words", "in fifty words", "in fifty words"),
        ("in # words", "in 1,200 words", "in 1,200 words"),
        ("won't _ you", "won't hurt you", "won't hurt you"),
        ("honest ?", "honest? yes", "honest ?"),
        ("limit # words", "limit: 40 words", "limit : 40 words"),
        ("sorry\n- sorry state", "a sorry state", None),
        ("d' avocat", "besoin d’avocat", "d' avocat"),
        ("desole", "Désolé", "desole"),
        ("a {b {c|d}|e} f", "a b d f", "a b d f"),
        ("person", "tradesperson", None),
    ],
)
def test_phrase_matches(phrase: str, text: str, hit: str | None) -> None:
    view = view_of(text, "user")
    spans = view.spans(Phrases(phrase))
    assert [" ".join(view.words[a:b]) for a, b in spans] == ([hit] if hit else [])


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("a {b|c", "does not close"),
        ("a b}", "does not close"),
        ("... a", "begin it with a whole word"),
        ("a (b)) /", "no word"),
    ],
)
def test_invalid_phrase_raises(phrase: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Phrases(phrase)


@pytest.mark.parametrize(
    ("word", "number"), [("fifty", 50), ("1,200", 1200), ("treinta", 30), ("ten", 10), ("fern", None)]
)
def test_number_of(word: str, number: int | None) -> None:
    assert number_of(word) == number


@pytest.mark.parametrize(
    "book",
    ["asks", "care", "conduct", "doubts", "harms", "interest", "manner", "persona", "self_talk", "staging", "stakes"],
)
def test_phrasebook_parses(book: str) -> None:
    assert load_phrases(book)
