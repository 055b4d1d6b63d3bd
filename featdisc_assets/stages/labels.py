"""What a label may look like, and what is done where two clusters have the same."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

LABEL_WORDS = 10
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Þ])")
_JOINTS = "'-,&/"


def tidy_label(text: str) -> str:
    """A label of at most ten words: letters and digits of any script, apostrophes, hyphens, commas and slashes.

    Anything else becomes a space, and words beyond the tenth go. May be empty.
    """
    words = "".join(char if _is_allowed(char) else " " for char in unicodedata.normalize("NFC", text)).split()
    label = re.sub(r"\s+,", ",", " ".join(words[:LABEL_WORDS])).strip(" ,-/&")
    return label[:1].upper() + label[1:]


def tidy_description(text: str) -> str:
    """One sentence: the first, on one line, without control and direction characters, ending in a stop."""
    shown = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    sentence = _SENTENCES.split(" ".join(shown.split()))[0]
    return sentence if not sentence or sentence[-1] in ".!?" else f"{sentence}."


def equal_labels(labels: Sequence[str | None], kinds: Sequence[str], sizes: Sequence[int]) -> dict[int, int]:
    """Positions whose label another cluster of the kind has too, each with the position that may keep it.

    The largest keeps it, of equally large ones the first; case, spaces and punctuation make no difference.

    Args:
        labels: One a cluster, None where there is none.
        kinds: What each is a cluster of.
        sizes: How large each is.
    """
    keeper: dict[tuple[str, str], int] = {}
    for at in sorted(range(len(labels)), key=lambda at: (-sizes[at], at)):
        if (label := labels[at]) is not None:
            keeper.setdefault((kinds[at], normalise_label(label)), at)
    owner = [
        None if label is None else keeper[kind, normalise_label(label)]
        for label, kind in zip(labels, kinds, strict=True)
    ]
    return {at: kept for at, kept in enumerate(owner) if kept is not None and kept != at}


def normalise_label(label: str) -> str:
    """What two labels have in common that people would call the same."""
    return " ".join("".join(char if char.isalnum() else " " for char in label.casefold()).split())


def disambiguate(label: str, members: Iterable[str], taken: Mapping[str, object] | set[str]) -> str:
    """A label that nobody has: the given one with a member of the cluster after it, or with a number.

    Args:
        label: The label that another cluster has.
        members: Features of the cluster, the most common first.
        taken: What is had already, as `normalise_label` puts it.
    """
    for member in members:
        longer = tidy_label(f"{label}, {member[:1].lower()}{member[1:]}")
        if normalise_label(member) not in normalise_label(label) and normalise_label(longer) not in taken:
            return longer
    number = 2
    while normalise_label(f"{label} {number}") in taken:
        number += 1
    return f"{label} {number}"


def _is_allowed(char: str) -> bool:
    # Combining marks belong to the letters before them.
    return char.isalnum() or char in _JOINTS or unicodedata.category(char) in ("Mn", "Mc")
