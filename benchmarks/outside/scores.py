"""Scores of vectors and of clusters on the outside corpora."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from benchmarks.agreement import best_f1, contingency
from benchmarks.outside.corpora import Planted, Statements
from featdisc_assets.clusterers import leiden
from featdisc_assets.clusterers.nearest_others import nearest_others
from featdisc_assets.clusterers.space import Labels, Vectors


@dataclass
class PlainLeiden:
    """Leiden on vectors as they are: no centring, no merging, no partition by sense.

    The resolution that gives the wanted number of clusters is searched for once per granularity, so that corpora which
    differ in a few rows cost one search.
    """

    seed: int = 0
    resolutions: dict[int, float] = field(default_factory=dict)

    def levels(self, vectors: Vectors, per_cluster: Sequence[int]) -> list[Labels]:
        """Labels at each granularity."""
        n = len(vectors)
        edges = leiden.edges_of(*nearest_others(vectors, count=leiden.NEIGHBOURS))
        found = []
        for wanted in per_cluster:
            if wanted not in self.resolutions:
                self.resolutions[wanted] = leiden.resolution_for(edges, n, n_clusters=round(n / wanted), seed=self.seed)
            found.append(
                leiden.communities(edges, n, resolution=self.resolutions[wanted], seed=self.seed, iterations=10)
            )
        return found


def statement_scores(corpus: Statements, labels: Labels) -> dict[str, float]:
    """`theme` and `stance`: mean F1 of the best cluster of each theme, and of each theme and stance.

    `minority`: the share of statements whose cluster holds more of the other stance.
    """
    stance = contingency(labels, corpus.against, int(labels.max()) + 1, 2)
    return {
        "theme": float(best_f1(corpus.theme, labels).mean()),
        "stance": float(best_f1(2 * corpus.theme + corpus.against, labels).mean()),
        "minority": float(stance.min(axis=1).sum() / len(labels)),
    }


def planted_f1(corpus: Planted, labels: Labels) -> float:
    """F1 of the best cluster for the planted transcripts; a cluster finds the transcripts that hold a member."""
    shape = (int(labels.max()) + 1, len(corpus.is_planted))
    held = sp.csr_matrix((np.ones(len(corpus.feature)), (labels[corpus.feature], corpus.transcript)), shape=shape)
    held.data[:] = 1
    found, size = held @ corpus.is_planted, held @ np.ones(shape[1])
    return float((2 * found / (size + corpus.is_planted.sum())).max())
