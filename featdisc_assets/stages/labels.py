"""The form of labels, and how equal labels are found and disambiguated."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

LABEL_WORDS = 10
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Þ])")
_JOINTS = "'-,&/"


def tidy_label(text: str) -> str:
    """A label of at most ten words: letters and digits of any script, apostrophes, hyphens, commas and slashes.

    Other characters become spaces, and words after the tenth are dropped. The result may be empty.
    """
    words = "".join(char if _is_allowed(char) else " " for char in unicodedata.normalize("NFC", text)).split()
    label = re.sub(r"\s+,", ",", " ".join(words[:LABEL_WORDS])).strip(" ,-/&")
    return label[:1].upper() + label[1:]


def tidy_description(text: str) -> str:
    """The first sentence on one line, without control and direction characters, with a full stop."""
    shown = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    sentence = _SENTENCES.split(" ".join(shown.split()))[0]
    return sentence if not sentence or sentence[-1] in ".!?" else f"{sentence}."


def equal_labels(labels: Sequence[str | None], kinds: Sequence[str], sizes: Sequence[int]) -> dict[int, int]:
    """Positions whose label a larger cluster of the kind has too, each with the position that keeps it.

    The largest cluster keeps the label, the first of equally large ones. Case, spaces and punctuation are ignored.

    Args:
        labels: One per cluster, None for no label.
        kinds: The kind of each cluster.
        sizes: The size of each cluster.
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
    """The label without case, punctuation and extra spaces, for comparison."""
    return " ".join("".join(char if char.isalnum() else " " for char in label.casefold()).split())


def disambiguate(label: str, members: Iterable[str], taken: Mapping[str, object] | set[str]) -> str:
    """A unique label: the given one with a member of the cluster, or else a number, appended.

    Args:
        label: The label that another cluster has.
        members: Features of the cluster, the most common first.
        taken: Normalised labels that are in use.
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
