"""The data model that every source is read into."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["user", "thought", "response", "tool"]
# `tool` is a kind only if a run keeps tool traffic.
KINDS: tuple[Kind, ...] = ("user", "thought", "response")
ALL_KINDS: tuple[Kind, ...] = (*KINDS, "tool")
# How prompts call a piece of each kind.
KIND_WORDS = {
    "user": "what a user wrote",
    "thought": "the private thoughts of a model",
    "response": "what a model answered",
}

ThoughtForm = Literal["raw", "summary", "redacted", "hidden"]

# Separates the turns of a kind in a piece that holds a whole conversation.
TURN_BREAK = "\n\n[next turn]\n\n"


@dataclass(frozen=True, slots=True)
class Turn:
    """One round: the text of the user, the thought and response of the model, and the traffic with its tools.

    Any text may be empty; `tool` is, unless tool traffic is kept. `thought_form` is None if there was no thought. A
    `hidden` thought was billed but not shown, so its text is empty. `is_truncated` marks a text of the model that was
    cut off.
    """

    user: str = ""
    thought: str = ""
    response: str = ""
    thought_form: ThoughtForm | None = None
    is_truncated: bool = False
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Text of a row that is in no turn: the reason, the number of times, and the number of characters.

    `kind` is None for text that belongs to no kind of piece (a system prompt, metadata).
    """

    kind: Kind | None
    reason: str
    n: int
    n_chars: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation.

    `group_key` identifies what is not independent (one user, one question, one sample): splits and tests resample by
    it. `metadata` keeps the source's other fields, among them the system prompt (`system`), as JSON values.
    `empty_kinds` are the kinds that the row has fields for, but no text.

    Every character is accounted for: `chars_in` counts the text of the row, `chars_added` separators and placeholders,
    and `chars_in + chars_added = characters of the turns' texts + characters in dropped`.
    """

    transcript_id: str
    source: str
    turns: tuple[Turn, ...]
    model: str | None = None
    group_key: str | None = None
    created_at: dt.datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    dropped: tuple[Dropped, ...] = ()
    chars_in: int = 0
    chars_added: int = 0
    empty_kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """One input row that could not be read; it goes to quarantine.

    `location` is the file and the line or row; `excerpt` its first characters, by which a person recognises it.
    """

    source: str
    location: str
    reason: str
    excerpt: str
