"""Nearest neighbours of clusters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another cluster: its row, and the cosine of the two centroids."""

    index: int
    similarity: float


def nearest_neighbours(centroids: npt.NDArray[np.float32], *, count: int, block: int = 1_024) -> list[list[Neighbour]]:
    """The `count` other unit centroids of greatest cosine for each, nearest first, or all if there are fewer."""
    k = len(centroids)
    found: list[list[Neighbour]] = []
    for start in range(0, k, block):
        cosines = centroids[start : start + block] @ centroids.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        order = np.argsort(-cosines, axis=1, kind="stable")[:, : min(count, k - 1)]
        found += [[Neighbour(int(j), float(cosines[i, j])) for j in order[i]] for i in range(len(cosines))]
    return found
