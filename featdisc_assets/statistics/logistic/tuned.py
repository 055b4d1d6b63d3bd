"""A regression whose penalty and threshold are chosen within its training half."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from featdisc_assets.statistics.logistic.solver import Design, Flags, Floats, fit, probability

Counts = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting gave, a column a target.

    Attributes:
        scores: Held-out units x targets: probabilities.
        threshold: The probability at and above which a unit is called positive.
        c: The inverse strength of the penalty that was chosen.
        weights: Features + 1 x targets; the last row holds the intercepts.
    """

    scores: Floats
    threshold: Floats
    c: Floats
    weights: Floats


class Fold:
    """One training half with the parts it is tuned on, and the held-out half."""

    def __init__(self, x: sparse.csr_matrix, train: Counts, test: Counts, tuning: Counts, tuned_folds: int) -> None:
        self.train, self.test = Design(x[train]), Design(x[test])
        self.parts = []
        for k in range(tuned_folds):
            fits, tunes = np.flatnonzero(tuning != k), np.flatnonzero(tuning == k)
            if len(fits) and len(tunes):
                self.parts.append((fits, tunes, Design(x[train[fits]]), Design(x[train[tunes]])))

    def fitted(self, target: Flags, grid: Floats) -> Fitted:
        """Choose penalty (by log-loss) and threshold (by F1) within the training half, then fit all of it.

        Args:
            target: Training transcripts x targets.
            grid: Penalties to choose from x targets.
        """
        k = target.shape[1]
        loss = np.zeros(grid.shape)
        kept: list[list[Floats]] = [[] for _ in grid]
        truths = []
        start: Floats | None = None
        for fits, tunes, fitting, tuning in self.parts:
            start = None
            truths.append(target[tunes])
            for i, c in enumerate(grid):
                start = fit(fitting, target[fits], c, start=start)
                predicted = probability(tuning.scores(start))
                kept[i].append(predicted)
                safe = np.clip(np.where(target[tunes], predicted, 1 - predicted), 1e-7, 1.0)
                loss[i] -= np.log(safe).sum(axis=0, dtype=np.float64)
        best = loss.argmin(axis=0)
        c = grid[best, np.arange(k)]
        weights = fit(self.train, target, c, start=start)
        if truths:
            truth = np.concatenate(truths)
            pooled = [np.concatenate(parts) for parts in kept]
            threshold = np.array([best_threshold(truth[:, j], pooled[best[j]][:, j]) for j in range(k)])
        else:
            own = probability(self.train.scores(weights))
            threshold = np.array([best_threshold(target[:, j], own[:, j]) for j in range(k)])
        return Fitted(probability(self.test.scores(weights)), threshold.astype(np.float32), c, weights)


def f1(hits: Reals, called: Reals, there: Reals) -> Reals:
    """The harmonic mean of precision and recall; 0 where nothing was chosen rightly.

    Args:
        hits: Positives that were called so.
        called: What was called positive.
        there: Positives.
    """
    found: Reals = 2 * hits / np.maximum(called + there, 1)
    return found


def best_threshold(truth: Flags, score: npt.NDArray[np.floating]) -> float:
    """The score at and above which calling everything positive gives the greatest F1.

    With few positives a probability never reaches one half, so a fixed threshold there would choose nothing.
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    hits = np.cumsum(truth[order], dtype=np.float64)
    # A cut is possible only where the score changes: equal scores stand or fall together.
    cut = np.append(ranked[1:] != ranked[:-1], True)
    called = np.arange(1, len(score) + 1, dtype=np.float64)
    best = int(np.where(cut, f1(hits, called, truth.sum()), -1.0).argmax())
    below = ranked[best + 1] if best + 1 < len(score) else ranked[best]
    return float((ranked[best] + below) / 2)
