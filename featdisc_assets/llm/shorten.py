"""Shortening of long pieces: head and tail are shown around a note of the characters left out."""

from featdisc_assets.llm.tokens import count_tokens

# How many characters a cut may move to fall between two words.
_REACH = 60


def head_and_tail(text: str, max_tokens: int) -> tuple[str, int]:
    """Shorten a text to about `max_tokens`: its head and tail, around a note of the characters left out.

    Args:
        text: A piece.
        max_tokens: The limit, by the estimate of `count_tokens`; the note is not counted.

    Returns:
        The text to show, and the number of characters left out: 0 if it was short enough.

    Raises:
        ValueError: If the limit is below 2 tokens.
    """
    if max_tokens < 2:
        raise ValueError(f"max_tokens is {max_tokens}; a head and a tail need at least 2 tokens")
    # No character is more than 0.6 tokens, so most texts need no counting.
    if len(text) <= max_tokens or count_tokens(text) <= max_tokens:
        return text, 0
    head = text[: _fitting(text, max_tokens // 2)]
    tail = text[len(text) - _fitting(text[::-1], max_tokens - max_tokens // 2) :]
    head, tail = _to_word_end(head), _to_word_end(tail[::-1])[::-1]
    left_out = len(text) - len(head) - len(tail)
    if left_out <= 0:  # rounding: both halves down, the whole up
        return text, 0
    return f"{head}\n[… {left_out:,} characters left out …]\n{tail}", left_out


def _fitting(text: str, max_tokens: int) -> int:
    """The number of characters from the start that are at most `max_tokens`."""
    low, high = 0, min(len(text), 5 * max_tokens)
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens(text[:middle]) <= max_tokens:
            low = middle
        else:
            high = middle - 1
    return low


def _to_word_end(start: str) -> str:
    at = max(start.rfind(space, len(start) - _REACH) for space in " \n\t")
    return start[:at] if at > 0 else start
