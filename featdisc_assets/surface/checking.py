"""What the rules answer when they are asked to judge, to verify and to go by a codebook: by words in common.

The rules understand nothing, and say so by their name. What they check by is stated here, so that their answers can be
read as a baseline: how far do shared words alone get?
"""

from collections.abc import Sequence

from featdisc_assets.stages.language import fold
from featdisc_assets.surface.naming import stems_of
from featdisc_assets.surface.registry import rate
from featdisc_assets.transcript import Kind

# Of all that the rules can find in a piece, not only the most telling.
_ALL = 200


def judge(name: str, phrases: Sequence[str]) -> list[int]:
    """How well phrases fit a name, 0-100: the share of a phrase's content words that the name or its sentence has."""
    known = stems_of(name)
    return [round(100 * _share(stems_of(phrase), known)) for phrase in phrases]


def verify(piece: str, feature: str, kind: Kind) -> str:
    """Whether a feature is true of a piece.

    `true` where the rules find it themselves or its content words all stand in the piece, `false` where none of them
    does, else `unclear`.
    """
    if fold(feature) in {fold(found) for found in rate(piece, kind, at_least=_ALL, at_most=_ALL)}:
        return "true"
    share = _share(stems_of(feature), stems_of(piece))
    return "true" if share == 1 else "false" if share == 0 else "unclear"


def codebook(piece: str, entries: Sequence[str], kind: Kind) -> list[int]:
    """The numbers, from 1, of the entries that a piece shows.

    One is shown where a feature that the rules find in the piece is among its examples or has all words of its label.
    """
    found = rate(piece, kind, at_least=_ALL, at_most=_ALL)
    said, stems = {fold(feature) for feature in found}, [stems_of(feature) for feature in found]
    shown = []
    for number, entry in enumerate(entries, 1):
        head, _, examples = entry.partition(" For example: ")
        label = stems_of(head.partition(":")[0])
        is_example = any(fold(example.strip()) in said for example in examples.split(";"))
        if is_example or any(label and label <= words for words in stems):
            shown.append(number)
    return shown


def _share(wanted: frozenset[str], known: frozenset[str]) -> float:
    return len(wanted & known) / len(wanted) if wanted else 0.0
