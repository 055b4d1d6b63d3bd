"""Segments of an assistant text that has thoughts inside it."""

from typing import Literal, NamedTuple

SegmentKind = Literal["thought", "response", "tag", "redacted", "tool"]


class Segment(NamedTuple):
    """A segment of an assistant text; `is_cut` means that the text ends before the segment does.

    `tag` is the markup itself, `redacted` ciphertext, `tool` a message to a tool.
    """

    kind: SegmentKind
    text: str
    is_cut: bool = False
