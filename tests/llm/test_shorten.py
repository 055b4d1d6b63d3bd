"""Long pieces are shortened to a limit, with a note in the middle."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from featdisc_assets.llm.shorten import head_and_tail
from featdisc_assets.llm.tokens import count_tokens

LONG = " ".join(f"word{number}" for number in range(2_000))


def test_a_short_text_is_unchanged() -> None:
    assert head_and_tail("Short enough.", 100) == ("Short enough.", 0)


def test_a_long_text_keeps_its_head_and_tail_around_a_note() -> None:
    shown, left_out = head_and_tail(LONG, 100)
    head, note, tail = shown.split("\n")
    assert LONG.startswith(head + " ")
    assert LONG.endswith(" " + tail)
    assert note == f"[… {left_out:,} characters left out …]"
    assert len(head) + left_out + len(tail) == len(LONG)
    assert 80 <= count_tokens(head) + count_tokens(tail) <= 100


@pytest.mark.parametrize("limit", [0, 1])
def test_a_limit_without_room_for_head_and_tail_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match=f"max_tokens is {limit}; a head and a tail need"):
        head_and_tail(LONG, limit)


@given(st.text(max_size=3_000), st.integers(2, 300))
@example("字" * 900, 30)
@example("a" * 900, 2)
@example("\x80\x80\x80\x800\x80\x80\x80\x80\x80", 5)
def test_every_character_is_shown_or_counted(text: str, limit: int) -> None:
    shown, left_out = head_and_tail(text, limit)
    if left_out == 0:
        assert shown == text
        return
    note = f"\n[… {left_out:,} characters left out …]\n"
    head, _, tail = shown.partition(note)
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head) + left_out + len(tail) == len(text)
    assert count_tokens(head) + count_tokens(tail) <= limit + 1
