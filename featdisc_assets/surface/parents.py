"""Names for themes and areas: the label that speaks best for what they hold, and how far its words carry."""

import re
from collections.abc import Sequence
from typing import Final

from featdisc_assets.surface.naming import distinctive_words, name, share_of
from featdisc_assets.surface.topics import TOPIC_LEADS

# How labels of what pieces are about begin; what a piece does goes before what it is about.
_LEADS: Final = re.compile(rf"^(?:{'|'.join(map(re.escape, (*TOPIC_LEADS, 'Topics such as ')))})\s*")
_MORE: Final = " and the like"
_LABEL_WORDS: Final = 7


def name_parent(labels: Sequence[str], siblings: Sequence[str], rejected: Sequence[str] = ()) -> tuple[str, str]:
    """Names a theme by the labels of its clusters, or an area by those of its themes.

    Args:
        labels: Of what it holds, at least one, the widest first.
        siblings: Labels of what the nearest others hold; may be empty.
        rejected: Labels that it cannot have.

    Returns:
        A label, and a description of one sentence: how many labels carry its main words, and the widest of them.

    Raises:
        ValueError: There are no labels to name it by.
    """
    if not labels:
        raise ValueError("a theme of 0 clusters has no name; give at least 1 label")
    whole = [label.removesuffix(_MORE) for label in labels]
    conduct = [label for label in whole if not _LEADS.match(label)]
    topics = list(dict.fromkeys(_LEADS.sub("", label) for label in whole if _LEADS.match(label)))
    # Two of nine that do something do not speak for seven that are about something.
    if len(conduct) * 4 >= len(whole):
        best, _ = name(conduct, siblings)
        options = [f"{_cut(label)}{_MORE}" for label in (best, *conduct)]
    else:
        options = [f"Topics such as {_cut(', '.join(topics[at : at + 2]))}" for at in range(len(topics))]
    taken = {label.casefold() for label in rejected}
    label = next((option for option in options if option.casefold() not in taken), options[0])
    return label, _description(whole, siblings)


def _cut(label: str) -> str:
    return " ".join(label.split()[:_LABEL_WORDS])


def _description(labels: Sequence[str], siblings: Sequence[str]) -> str:
    said = [_LEADS.sub("", label) for label in labels]
    words = distinctive_words(said, [_LEADS.sub("", label) for label in siblings])[:3]
    quoted = ", ".join(f'"{word}"' for word in words)
    carried = f", {round(100 * share_of(words, said))}% of them with a word of {quoted}" if words else ""
    return f"{len(labels)} groups{carried}, the widest being: {labels[0]}."
