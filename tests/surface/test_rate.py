"""Properties of `rate` for any text: well-formed features, at most 20, in a fixed order."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from featdisc_assets.surface import rate
from featdisc_assets.transcript import KINDS, TURN_BREAK, Kind

FORM = re.compile(r"[A-Z][A-Za-z]*(?: [A-Za-z]+){0,7}")
SCRAPS = st.sampled_from(
    [
        "I'm sorry, ",
        "```py\n",
        "```",
        "1. dig\n",
        "*bows* ",
        "404 ",
        TURN_BREAK,
        "¿qué? ",
        "です。",
        "\x00",
        "| - |",
        "<b>",
        "in 5 words ",
    ]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(st.one_of(SCRAPS, st.text(max_size=20)), max_size=40).map("".join))


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, kind=st.sampled_from(KINDS))
def test_any_text_gives_well_formed_features(text: str, kind: Kind) -> None:
    features = rate(text, kind)
    assert len(features) <= 20
    assert all(FORM.fullmatch(feature) for feature in features)
    assert len({feature.lower() for feature in features}) == len(features)
    assert rate(text, kind) == features


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(["the", "fern", "stands", "by", "a", "gate", "and", "nobody", "waters", "it", "in", "May"]),
        min_size=8,
        max_size=40,
    )
)
@example(words=["the", *["fern"] * 7])
@example(words=["stands", "fern", "gate", "stands", "stands", "waters", "waters", "fern"])
def test_a_sentence_has_at_least_ten_features(words: list[str]) -> None:
    assert len(rate(" ".join(words).capitalize() + ".", "response")) >= 10


def test_at_most_keeps_the_first_features() -> None:
    text = "Hi! I'm sorry, I can't help with that. **Dig** and **plant**:\n1. dig\n2. plant\n\nSee a doctor?"
    assert rate(text, "response", at_most=3) == rate(text, "response")[:3]
    assert rate(text, "response", at_most=3)[0] == "Declines the request"
    assert rate("", "user") == []


def test_the_turn_separator_is_not_content() -> None:
    features = rate(TURN_BREAK.join(["Ferns need shade.", "Moss needs water."]), "response")
    assert not [f for f in features if re.search(r"\b(next|turn)\b", f)]
    assert "Two turns" in features


@pytest.mark.parametrize(
    ("text", "kind", "feature"),
    [
        ("At most 50 words, please.", "user", "Sets a limit of about fifty words"),
        ("One sentence only please.", "user", "Asks for a single sentence"),
        ("¿Cómo se riega un helecho en verano?", "user", "Written in Spanish"),
        ("The page says 404 Not Found.", "user", "Reports a not found error"),
        ("A 502 Bad Gateway means the proxy got no answer.", "response", "Names the bad gateway error"),
        ("```rust\nfn main() {}\n```", "response", "Contains Rust code"),
        ("How do I feed a sourdough starter?", "user", "Brings up sourdough starter"),
        ("The sourdough starter wants flour. Then it wants water.", "thought", "Dwells on sourdough starter"),
    ],
)
def test_features_name_details(text: str, kind: Kind, feature: str) -> None:
    assert feature in rate(text, kind)


@pytest.mark.parametrize(
    "scrap",
    [
        "a ",
        "(",
        "*",
        "```\n",
        "`",
        "~",
        "1. ",
        "i can ",
        "is it real or ",
        "404 ",
        "<",
        "http://",
        "あ",
        "\n",
        '"',
        "{ ",
        "[ ",
        "you are ",
        "é ",
        "a",
    ],
)
def test_repetitive_text_takes_less_than_a_second(scrap: str) -> None:
    text = (scrap * 200_000)[:200_000]
    for kind in KINDS:
        began = time.process_time()
        rate(text, kind)
        assert time.process_time() - began < 1.0
