"""Groups of phrases that mean one behaviour: what the package's encoder is trained on."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources


@dataclass(frozen=True, slots=True)
class Group:
    """Phrases for one behaviour.

    Attributes:
        same: At least two phrases that mean the behaviour.
        other: Near misses, which share words or a topic with them and mean something else.
        family: Name that related groups share; they come into one batch, where they repel each other.
        kind: `user`, `thought`, `response`, or `statement`.
        behaviour: The behaviour in a sentence.
    """

    same: tuple[str, ...]
    other: tuple[str, ...]
    family: str
    kind: str
    behaviour: str = ""


def shipped_groups() -> list[Group]:
    """The groups that come with the package, in the order of file names and lines."""
    files = sorted(
        resources.files("featdisc_assets.training").joinpath("behaviour_groups").iterdir(), key=lambda file: file.name
    )
    return [group for file in files if file.name.endswith(".jsonl") for group in _groups(file.read_text("utf-8"))]


def split(groups: Iterable[Group], *, one_in: int = 10) -> tuple[list[Group], list[Group]]:
    """Groups for training, and families held out by a hash of their names."""
    kept: list[Group] = []
    held: list[Group] = []
    for group in groups:
        digest = blake2b(group.family.encode(), digest_size=4).digest()
        (held if int.from_bytes(digest, "big") % one_in == 0 else kept).append(group)
    return kept, held


def _groups(lines: str) -> Iterator[Group]:
    for line in lines.splitlines():
        row = json.loads(line)
        yield Group(
            tuple(row["same"]), tuple(row["other"]), row.get("family", row["behaviour"]), row["kind"], row["behaviour"]
        )
