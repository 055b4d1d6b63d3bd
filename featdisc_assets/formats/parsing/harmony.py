"""Harmony, the channel format of OpenAI's open models, in texts of servers that do not parse it."""

import re
from typing import Literal, NamedTuple

SegmentKind = Literal["thought", "response", "tag", "redacted", "tool"]

# Possessive quantifiers prevent quadratic backtracking on long runs of letters.
_HEADER = re.compile(
    r"(?:<\|start\|>[^<]*+)?<\|channel\|>(?P<channel>[a-z]++)(?P<recipient>[^<]*+)(?:<\|constrain\|>[^<]*+)?<\|message\|>"
)
_STOP = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_STOPS_THAT_BELONG_TO_THE_MESSAGE = ("<|end|>", "<|return|>", "<|call|>")
# The text that is left when decoding removed the special tokens.
_STRIPPED = re.compile(r"\A\s*(analysis)(.+?)(assistantfinal)(.*)\Z", re.DOTALL)


class Segment(NamedTuple):
    """A segment of an assistant text; `is_cut` means that the text ends before the segment does.

    `tag` is the markup itself, `redacted` ciphertext, `tool` a message to a tool.
    """

    kind: SegmentKind
    text: str
    is_cut: bool = False


def harmony_segments(text: str) -> list[Segment]:
    """Split a text in the Harmony format into segments by its channels.

    `analysis` is the thought, `final` the response. `commentary` is a tool call if it names a recipient, else part of
    the response. A text that ends a message before the first header begins with a thought (its template pre-filled the
    header). An `analysis` without an end is truncated.

    Args:
        text: the text of one assistant message.

    Returns:
        Segments that concatenate to the input; an empty list if the text is not in this format.
    """
    header = _HEADER.search(text)
    if header is None:
        stripped = _STRIPPED.match(text)
        return _without_tokens(text, stripped) if stripped else []
    found: list[Segment] = []
    before = _STOP.search(text, 0, header.start())
    if before and before[0] in _STOPS_THAT_BELONG_TO_THE_MESSAGE:
        _add(found, "thought", text[: before.start()])
        _add(found, "tag", text[before.start() : before.end()])
        _add(found, "response", text[before.end() : header.start()])
    else:
        _add(found, "response", text[: header.start()])
    while header is not None:
        _add(found, "tag", header[0])
        stop = _STOP.search(text, header.end())
        end = stop.start() if stop else len(text)
        kind = _kind(header["channel"], header["recipient"])
        _add(found, kind, text[header.end() : end], is_cut=stop is None and kind == "thought")
        if stop and stop[0] in _STOPS_THAT_BELONG_TO_THE_MESSAGE:
            _add(found, "tag", stop[0])
            end = stop.end()
        header = _HEADER.search(text, end)
        _add(found, "response", text[end : header.start() if header else len(text)])
    return found


def _kind(channel: str, recipient: str) -> SegmentKind:
    if "to=" in recipient:
        return "tool"
    return "thought" if channel == "analysis" else "response"


def _without_tokens(text: str, stripped: re.Match[str]) -> list[Segment]:
    found: list[Segment] = []
    _add(found, "tag", text[: stripped.end(1)])
    _add(found, "thought", stripped[2])
    _add(found, "tag", stripped[3])
    _add(found, "response", stripped[4])
    return found


def _add(found: list[Segment], kind: SegmentKind, text: str, *, is_cut: bool = False) -> None:
    if text or is_cut:
        found.append(Segment(kind, text, is_cut))
