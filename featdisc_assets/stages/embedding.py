"""Chunks of texts to encode, and a test of an encoder's vectors."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt


def chunks_by_length(texts: Sequence[str], *, chunk_size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Positions of texts in chunks of similar length, to reduce padding; each chunk is one write.

    The order depends only on the texts, so equal texts give equal batches.
    """
    order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), texts[i]))
    for start in range(0, len(order), chunk_size):
        yield np.array(order[start : start + chunk_size], dtype=np.int64)


# Paraphrases; an encoder must place each near its partner to be useful for clusters.
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
    """The share of phrases of `SYNONYMS` whose nearest neighbour is their partner.

    Args:
        vectors: Unit rows of the flattened `SYNONYMS`, partners in successive rows.
    """
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    partner = np.arange(len(vectors)) ^ 1
    return float((cosines.argmax(axis=1) == partner).mean())
