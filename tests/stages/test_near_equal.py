"""Near-equal texts: what is put together, what is kept apart, and that it takes no pair of texts to find out."""

import random

import numpy as np
import pyarrow as pa
import pytest

from featdisc_assets.stages import near_equal

PITCH = "Give me an introduction over 400 words for {}, a chemical company in {}. Mention its products and its founder."


def grouped(*texts: str, similarity: float = near_equal.SIMILARITY) -> list[int]:
    """The group of each text, groups numbered in the order of their first texts."""
    found = near_equal.groups(
        near_equal.sketches(pa.array(texts, pa.string()), first_chars=near_equal.FIRST_CHARS), similarity=similarity
    )
    first: dict[int, int] = {}
    return [first.setdefault(int(number), len(first)) for number in found]


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        (PITCH.format("Acme", "Oslo"), PITCH.format("Zenith Works", "Lima"), True),
        ("Order 17 is late!!", "order  2044, is late", True),
        ("Hi", "hi!", True),
        ("1234", "9", True),
        ("请写一篇关于张三的文章,题目是我的家乡", "请写一篇关于李四的文章,题目是我的家乡", True),
        ("What is the capital of France?", "Who wrote the Iliad, and when?", False),
        ("Hi", "Hello", False),
        ("!!!", "???", False),
        ("", "Hi", False),
        ("今天天气怎么样", "请写一篇关于张三的文章", False),
    ],
)
def test_what_differs_by_little_is_near_equal(one: str, other: str, is_near: bool) -> None:
    assert grouped(one, other) == ([0, 0] if is_near else [0, 1])


def test_similarity_decides() -> None:
    one, other = PITCH.format("Acme", "Oslo"), PITCH.format("Zenith Works", "Lima")
    assert grouped(one, other, similarity=0.95) == [0, 1]
    assert grouped(one, one.upper(), similarity=1.0) == [0, 0]


def test_campaigns_are_found_among_thousands_of_other_texts() -> None:
    chance = random.Random(4)
    words = [f"{a}{b}{c}" for a in "bdfgkl" for b in "aeiou" for c in "mnrst"]
    others = [" ".join(chance.choices(words, k=chance.randint(8, 60))) for _ in range(5_000)]
    pitches = [PITCH.format(chance.choice(words), chance.choice(words)) for _ in range(300)]
    orders = [f"Where is my parcel number {number}, sent by {chance.choice(words)}?" for number in range(200)]
    texts = [*others, *pitches, *orders]
    chance.shuffle(texts)
    found = grouped(*texts)
    sizes = np.bincount(found)
    assert sorted(sizes[sizes > 1]) == [200, 300]


def test_a_sketch_depends_on_its_text_alone() -> None:
    texts = pa.array(["Why is the sky blue?", "", "Hi", "So it is, so it is."])
    together = near_equal.sketches(texts, first_chars=100)
    alone = [near_equal.sketches(texts.slice(place, 1), first_chars=100) for place in range(len(texts))]
    assert np.array_equal(together, np.concatenate(alone))


def test_only_the_beginning_is_compared() -> None:
    begin = "one two three four five six seven eight nine ten"
    texts = pa.array([f"{begin} {'left ' * 50}", f"{begin} {'quite another end ' * 50}"])
    for chars, is_equal in ((len(begin), True), (1_000, False)):
        one, other = near_equal.sketches(texts, first_chars=chars)
        assert np.array_equal(one, other) == is_equal


def test_nothing_gives_nothing() -> None:
    assert grouped() == []
    assert grouped("", "...") == [0, 1]


def test_the_line_names_the_largest_and_cannot_steer_a_terminal() -> None:
    assert near_equal.summary_line("user", 1412, 3, 1300, "Buy\n\x1b[31m now") == (
        "1,412 user texts in 3 near-equal groups; the largest 1,300: Buy [31m now"
    )
    assert near_equal.summary_line("user", 20, 1, 20, "a " * 90).endswith("…")
