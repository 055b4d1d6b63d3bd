"""Clusters in shuffled batches, and the scores of several batches brought together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Interest:
    """The scores one cluster got: their mean, standard deviation (0 for one score) and number; None where none came."""

    mean: float | None
    spread: float | None
    n_scores: int


def shuffled_batches(n: int, *, size: int, rounds: int, seed: int) -> list[list[int]]:
    """Positions 0..n-1 in batches of at most `size`, every position once a round, each round in an order of its own.

    A score leans on the company it is given in; other company in each round shows by how much.
    """
    batches = []
    for round_ in range(rounds):
        order = np.random.default_rng([seed, round_]).permutation(n).tolist()
        batches += [order[start : start + size] for start in range(0, n, size)]
    return batches


def mean_interest(n: int, scored: Sequence[tuple[Sequence[int], Sequence[int | None]]]) -> list[Interest]:
    """Mean and spread of each position's scores.

    Args:
        n: How many positions there are.
        scored: For each batch its positions and their scores, None where the model left one out.
    """
    scores: list[list[int]] = [[] for _ in range(n)]
    for positions, given in scored:
        for position, score in zip(positions, given, strict=True):
            if score is not None:
                scores[position].append(score)
    return [
        Interest(float(np.mean(of)), float(np.std(of)), len(of)) if of else Interest(None, None, 0) for of in scores
    ]
