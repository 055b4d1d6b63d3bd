"""The pieces an assistant text is cut into when thoughts are written into it."""

from typing import Literal, NamedTuple

SegmentKind = Literal["thought", "response", "tag", "redacted", "tool"]


class Segment(NamedTuple):
    """A stretch of an assistant text; `is_cut` says the text ends before the stretch does.

    `tag` is the markup itself, `redacted` ciphertext, `tool` a message to a tool.
    """

    kind: SegmentKind
    text: str
    is_cut: bool = False
