"""What every format offers the reader, and how it says no."""

from collections.abc import Callable
from dataclasses import dataclass, field

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.transcript import Transcript


class SourceError(FeatdiscError):
    """A source as a whole cannot be read; the message names the value, what is wrong with it and the remedy."""


class RowError(Exception):
    """One row cannot be read; the message is the reason that stands in quarantine, and the other rows load."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row came from, as far as its transcript needs to know.

    `source` is the file's name, used where the row names no source of its own. `notes` counts what had to be mended
    before the row could be parsed (`nul_characters`, `lone_surrogates`, `python_literal` …). `tools` asks for
    tool traffic as a kind of its own. `salt` goes into the hash that stands for a person.
    """

    source: str
    notes: dict[str, int] = field(default_factory=dict)
    tools: bool = False
    salt: bytes = b""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One format: how to tell its rows, and how to read one.

    `marks` counts the signs of this format that a row bears (0: not mine); with `format="auto"` the adapter that finds
    the most reads the row, so a more specific format outbids a general one by naming more of its signs. Ties go to the
    adapter registered first. `read` returns the row's transcript or raises `RowError`. `has_thoughts` says that the
    format carries the thoughts of a model that has any, so that a source without one is worth a word.
    """

    name: str
    score: Callable[[object], int]
    read: Callable[[object, Origin], Transcript]
