"""The shape every source is read into, and every later stage starts from."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["user", "thought", "response", "tool"]
# What every transcript is made of; `tool` is a kind only where a run keeps tool traffic.
KINDS: tuple[Kind, ...] = ("user", "thought", "response")
ALL_KINDS: tuple[Kind, ...] = (*KINDS, "tool")
# How prompts call a piece of each kind.
KIND_WORDS = {
    "user": "what a user wrote",
    "thought": "the private thoughts of a model",
    "response": "what a model answered",
}

ThoughtForm = Literal["raw", "summary", "redacted", "hidden"]

# Stands between two turns of one kind where a piece holds a whole conversation.
TURN_BREAK = "\n\n[next turn]\n\n"


@dataclass(frozen=True, slots=True)
class Turn:
    """One round: what the user said, then what the model thought and answered, and what its tools were told and said.

    Any of the texts may be empty; `tool` is, unless the reader keeps tool traffic. `thought_form` says how the thought
    reached us (None: there was none); a `hidden` thought was billed but not shown, so its text is empty. `is_truncated`
    marks a text of the model that was cut off.
    """

    user: str = ""
    thought: str = ""
    response: str = ""
    thought_form: ThoughtForm | None = None
    is_truncated: bool = False
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Text of a row that is in no turn: why, how many times, and how many characters.

    `kind` is the kind of piece it would have been part of, None where it belongs to none (a system prompt, metadata).
    """

    kind: Kind | None
    reason: str
    n: int
    n_chars: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation, whatever format it came in.

    `group_key` names what is not independent (one user, one question, one sample): splits and tests resample by it.
    `metadata` keeps the source's remaining fields, the system prompt among them (`system`), as plain JSON values.

    Nothing is lost in silence: `chars_in` counts the characters of every text in the row, `chars_added` those of ours
    (blank lines between joined texts, placeholders), and
    `chars_in + chars_added = characters of the turns' texts + characters in dropped`.
    `blank` are the kinds that the row has a place for and nothing in it.
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
    blank: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """One input row that could not be read: it goes to quarantine, and the rest loads.

    `location` is the file and the line or row; `excerpt` its first characters, for a person to recognise it.
    """

    source: str
    location: str
    reason: str
    excerpt: str
