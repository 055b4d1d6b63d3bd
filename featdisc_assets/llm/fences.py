"""Fences around untrusted text: tags that its author cannot guess, and no lookalike of a tag inside.

Changes inside a fence are visible (a middle dot, or the code point in brackets), so that a rater of the piece can still
see and name an attempt to forge a turn.
"""

import re
from hashlib import blake2b

NAMES = ("user", "thought", "response", "tool", "features", "neighbours", "clusters")
# Names of later tasks. Separate, since lookalikes of names are marked inside a fence: more names would change how a
# piece with an HTML label, for example, is shown to its rater, and its stored answers would not be used any more.
LATER_NAMES = ("piece", "rejected", "name", "phrases", "feature", "codebook")
# Part of a prompt's version: raise it when the rules below change.
VERSION = 1

_ALL_NAMES = "|".join((*NAMES, *LATER_NAMES))
_MARK = "\N{MIDDLE DOT}"
_LESS = "[<\N{FULLWIDTH LESS-THAN SIGN}\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}\N{LEFT ANGLE BRACKET}]"
_BAR = "[|\N{FULLWIDTH VERTICAL LINE}]"


def _lookalikes(names: str) -> re.Pattern[str]:
    """Matches the start of our tags and of chat templates' tokens, after which a mark is inserted."""
    return re.compile(
        rf"({_LESS})(?=\s*/?\s*(?:{names})\b)"  # <user>, </ Response-3f9…>
        rf"|({_LESS})(?=\s*{_BAR})"  # <|im_start|>, and the full-width bars of DeepSeek's template
        rf"|({_LESS})(?=\s*/?\s*(?:s|bos|eos|pad|unk|think|tool_call|tool_response|start_of_turn|end_of_turn)\s*>)"
        r"|(<)(?=<\s*/?\s*SYS\s*>>)"
        r"|(\[)(?=\s*/?\s*(?:INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS)\s*\])"
        rf"|(\b(?:{names})-)(?=[0-9a-f]{{12}})",  # the name of a tag, in case one leaks
        re.IGNORECASE,
    )


_LOOKALIKE = _lookalikes("|".join(NAMES))
_ANY_LOOKALIKE = _lookalikes(_ALL_NAMES)

# Bidi controls, zero-width characters, C0 and C1 controls except tab and newline, tag characters and variation
# selectors that can hide bytes, lone surrogates. The joiners U+200C and U+200D depend on their neighbours.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_JOINERS = "\u200c\u200d"
_TAG = re.compile(rf"(</?(?:{_ALL_NAMES}))-[0-9a-f]{{12}}>")
_FENCE = re.compile(rf"<((?P<name>{_ALL_NAMES})-[0-9a-f]{{12}})>\n(?P<text>.*?)\n</\1>", re.DOTALL)


def _show(match: re.Match[str]) -> str:
    char, text, at = match.group(), match.string, match.start()
    if char in _JOINERS and 0 < at < len(text) - 1 and _joins(text[at - 1]) and _joins(text[at + 1]):
        return char
    return f"[U+{ord(char):04X}]"


def _joins(char: str) -> bool:
    """True for a character that a joiner may legitimately stand next to: Persian, Indic scripts, emoji."""
    return ord(char) > 0x2FF and not _INVISIBLE.match(char)


def neutralise(text: str, name: str = NAMES[0]) -> str:
    """Make forged tags, chat control tokens and invisible characters harmless and visible.

    Args:
        text: Untrusted text of any kind.
        name: The name of the fence it is for.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _INVISIBLE.sub(_show, text)
    lookalike = _LOOKALIKE if name in NAMES else _ANY_LOOKALIKE
    return lookalike.sub(lambda match: match.group() + _MARK, text)


def fence(name: str, text: str, salt: str) -> str:
    """The text between an opening and a closing tag that its author cannot guess.

    Args:
        name: The kind of text, one of `NAMES` or `LATER_NAMES`.
        text: Untrusted text of any kind.
        salt: A secret of this home, which makes the tag unguessable.

    Raises:
        ValueError: If the name is unknown.
    """
    if name not in (known := (*NAMES, *LATER_NAMES)):
        raise ValueError(f"fence {name!r} is not one of {', '.join(known)}; use the name of what the text is")
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6, key=salt.encode()[:64])
    tag = f"{name}-{digest.hexdigest()}"
    return f"<{tag}>\n{neutralise(text, name)}\n</{tag}>"


def without_salt(prompt: str) -> str:
    """A rendered prompt with the salted part of its tags removed, so that it is equal in every home."""
    return _TAG.sub(r"\1>", prompt)


def open_fence(prompt: str) -> dict[str, str]:
    """The texts of a rendered prompt's fences by name, still neutralised."""
    return {match["name"]: match["text"] for match in _FENCE.finditer(prompt)}
