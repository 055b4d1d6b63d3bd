"""Scores of an encoder on groups of phrases that it was not trained on."""

from collections.abc import Callable, Sequence

import numpy as np

from featdisc_assets.clusterers.space import Vectors
from featdisc_assets.training.groups import Group

Encode = Callable[[list[str]], Vectors]


def recall(encode: Encode, groups: Sequence[Group], *, at: int = 5) -> float:
    """Mean share of a phrase's group among its nearest phrases, near misses included.

    Args:
        encode: Texts to unit vectors.
        groups: Groups of more than `at` phrases.
        at: How many of the nearest count.
    """
    owner = np.repeat(np.arange(len(groups)), [len(group.same) for group in groups])
    same = encode([text for group in groups for text in group.same])
    misses = encode([text for group in groups for text in group.other])
    cosines = same @ np.concatenate([same, misses]).T
    np.fill_diagonal(cosines, -np.inf)
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :at]
    owners = np.concatenate([owner, np.full(len(misses), -1)])
    return float((owners[nearest] == owner[:, None]).mean())


def accuracy(encode: Encode, groups: Sequence[Group]) -> float:
    """Share of triples of a phrase, another of its group, and a near miss in which the near miss is farther."""
    found = []
    for group in groups:
        same, misses = encode(list(group.same)), encode(list(group.other))
        within = (same @ same.T)[~np.eye(len(same), dtype=bool)].reshape(len(same), -1)
        found.append((within[:, :, None] > (same @ misses.T)[:, None, :]).mean())
    return float(np.mean(found))
