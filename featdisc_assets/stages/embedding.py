"""How texts to be encoded are cut into chunks, and whether an encoder's vectors mean anything."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt


def chunks_by_length(texts: Sequence[str], *, chunk_size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Positions of texts in chunks of like length, so that a batch pads little and a chunk is one write.

    The order depends on the texts alone, so the same texts are always batched the same way.
    """
    order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), texts[i]))
    for start in range(0, len(order), chunk_size):
        yield np.array(order[start : start + chunk_size], dtype=np.int64)


# Pairs that say one thing in other words; an encoder that does not see it is no use for clusters.
SYNONYMS = (
    ("Tracks its token budget", "Keeps count of the tokens left"),
    ("Refuses a harmful request", "Declines to help with something dangerous"),
    ("Suspects this is a test", "Wonders whether it is being evaluated"),
    ("Answers in French", "Response is written in French"),
    ("Asks for Python code", "Wants a program in Python"),
    ("Apologizes for a mistake", "Says sorry for the error"),
    ("Uses bullet points", "Formatted as a bulleted list"),
    ("Expresses uncertainty", "Hedges about being unsure"),
)


def synonyms_nearer(vectors: npt.NDArray[np.float32]) -> float:
    """The share of synonym pairs whose partner is nearer than every stranger, both ways.

    Args:
        vectors: Unit rows of `SYNONYMS`, flattened: a pair in two rows after each other.
    """
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    partner = np.arange(len(vectors)) ^ 1
    return float((cosines.argmax(axis=1) == partner).mean())
