"""The interface of a format: `Adapter`, its input and its errors."""

from collections.abc import Callable
from dataclasses import dataclass, field

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.transcript import Transcript


class SourceError(FeatdiscError):
    """A source as a whole cannot be read. The message names the value, the problem and the remedy."""


class RowError(Exception):
    """One row cannot be read. The message is its reason in quarantine; the other rows load."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row came from, and how it is read.

    Args:
        source: the name of the file, for rows that name no source.
        notes: repairs made before the row could be parsed, counted (`nul_characters`, `python_literal` …).
        tools: whether tool traffic is kept as a kind of its own.
        salt: the key of the hash that identifies a person.
    """

    source: str
    notes: dict[str, int] = field(default_factory=dict)
    tools: bool = False
    salt: bytes = b""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One format.

    Args:
        name: its name in `FORMATS`.
        score: how strongly a row looks like this format; 0 if not at all. With `format="auto"` the adapter with the
            highest score reads the row, so a specific format scores higher than a general one. The first registered
            adapter wins a tie.
        read: returns the row's transcript or raises `RowError`.
    """

    name: str
    score: Callable[[object], int]
    read: Callable[[object, Origin], Transcript]
