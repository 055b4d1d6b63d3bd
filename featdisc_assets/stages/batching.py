"""Clusters in shuffled batches, and what their scores say once each batch's own leniency is taken off."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats
from scipy.sparse import csgraph, linalg

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Within = Callable[[Floats], Floats]


def shuffled_batches(n: int, *, size: int, rounds: int, seed: int) -> list[list[int]]:
    """Positions 0..n-1 in batches of at most `size`, every position once a round, each round in an order of its own.

    A score leans on the company it is given in; other company in each round shows by how much.
    """
    batches = []
    for round_ in range(rounds):
        order = np.random.default_rng([seed, round_]).permutation(n).tolist()
        batches += [order[start : start + size] for start in range(0, n, size)]
    return batches


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the scores of several batches agree.

    Attributes:
        batch_sd: Standard deviation of what a batch adds to its scores, beyond noise; 0 where none shows.
        noise_sd: Standard deviation of a single score about its cluster's mean, batches apart; NaN where it cannot be
            told (no cluster scored twice).
        batch_f: F of the test that batches differ by nothing but noise; NaN where it cannot be told.
        batch_p: Its p-value.
        rank_correlation: Mean of Spearman's coefficient over pairs of rounds, as scored.
        rank_correlation_adjusted: The same of the adjusted scores.
    """

    batch_sd: float
    noise_sd: float
    batch_f: float
    batch_p: float
    rank_correlation: float
    rank_correlation_adjusted: float


@dataclass(frozen=True, slots=True)
class Interest:
    """Scores with the batches' leniency taken off.

    Attributes:
        effect: Of each batch: what it adds to its scores, shrunk towards 0 as far as it may be noise.
        adjusted: Of each score: the score less its batch's effect.
        mean: Of each cluster: the mean of its adjusted scores within 1-100, NaN where none came.
        raw_mean: The mean as scored.
        spread: Standard deviation of its adjusted scores, 0 for one, NaN for none.
        n_scores: How many came.
        agreement: Of all.
    """

    effect: Floats
    adjusted: Floats
    mean: Floats
    raw_mean: Floats
    spread: Floats
    n_scores: Ints
    agreement: Agreement


def brought_together(
    cluster: Ints, batch: Ints, round_: Ints, score: Floats, *, n_clusters: int, n_batches: int
) -> Interest:
    """Means of clusters' scores, batches being lenient or strict by an amount of their own.

    score = cluster + batch + noise, with clusters fixed and batches random. The variances are Henderson's (method III,
    Biometrics 9 (1953), 226-252): from the sums of squares left with and without the batches, each of a known
    expectation. The effects are then the best linear unbiased predictions, so that batches whose differences may be
    noise are left alone.

    Args:
        cluster: Of each score, from 0.
        batch: The batch it was given in, from 0.
        round_: The round of the batch.
        score: The score.
        n_clusters: How many clusters there are, scored or not.
        n_batches: How many batches.
    """
    n_scores = np.bincount(cluster, minlength=n_clusters)
    design = sparse.csr_array((np.ones(len(batch)), (np.arange(len(batch)), batch)), shape=(len(batch), n_batches))

    def within(values: Floats) -> Floats:
        """What is left of values once each cluster's mean is taken off."""
        sums = np.bincount(cluster, weights=values, minlength=n_clusters)
        return values - (sums / np.maximum(n_scores, 1))[cluster]

    effect, variances = _effects(design, within, score, cluster, batch, n_scores)
    adjusted = score - effect[batch]
    mean = _mean(cluster, adjusted, n_scores)
    spread = np.sqrt(_mean(cluster, (adjusted - mean[cluster]) ** 2, n_scores))
    return Interest(
        effect,
        adjusted,
        np.clip(mean, 1, 100),
        _mean(cluster, score, n_scores),
        spread,
        n_scores,
        Agreement(
            *variances,
            rank_correlation=_rank_correlation(cluster, round_, score),
            rank_correlation_adjusted=_rank_correlation(cluster, round_, adjusted),
        ),
    )


def _effects(
    design: sparse.csr_array, within: Within, score: Floats, cluster: Ints, batch: Ints, n_scores: Ints
) -> tuple[Floats, tuple[float, float, float, float]]:
    """The batches' effects; and their deviation, the noise's, F and p."""
    n_batches = design.shape[1]
    left = within(score)
    total = float(left @ left)
    # Batches are compared through the clusters they share; those that share none make a part of their own.
    shares = sparse.csr_array((np.ones(len(batch)), (batch, cluster)), shape=(n_batches, len(n_scores)))
    used = np.unique(batch)
    n_parts = csgraph.connected_components((shares @ shares.T)[used][:, used])[0] if len(used) else 0
    free_batches = len(used) - n_parts
    free_noise = len(score) - int((n_scores > 0).sum()) - free_batches
    nothing = np.zeros(n_batches)
    if free_batches <= 0 or free_noise <= 0:
        # One batch a round, or no cluster scored twice: leniency and interest cannot be told apart.
        spare = len(score) - int((n_scores > 0).sum())
        return nothing, (0.0, float(np.sqrt(total / spare)) if spare else np.nan, np.nan, np.nan)

    def normal(ridge: float) -> linalg.LinearOperator:
        return linalg.LinearOperator(
            (n_batches, n_batches), matvec=lambda b: design.T @ within(design @ np.ravel(b)) + ridge * np.ravel(b)
        )

    right = design.T @ left
    fitted, _ = linalg.cg(normal(0.0), right, rtol=1e-10, maxiter=500)
    residual = max(0.0, total - float(fitted @ right))
    noise = residual / free_noise
    # The trace of Z'MZ: of each batch its size, less what its clusters' means take of it.
    trace = len(score) - float((1 / n_scores[cluster]).sum())
    between = max(0.0, (total - noise * (free_noise + free_batches)) / trace)
    if total <= 1e-9 * max(1.0, float(score @ score)):
        return nothing, (0.0, 0.0, np.nan, np.nan)  # every cluster got the same score each time
    f = (total - residual) / free_batches / noise if noise else np.inf
    p = float(stats.f.sf(f, free_batches, free_noise))
    if between == 0:
        return nothing, (0.0, float(np.sqrt(noise)), float(f), p)
    effect, _ = linalg.cg(normal(noise / between), right, rtol=1e-10, maxiter=500)
    return effect - effect[used].mean(), (float(np.sqrt(between)), float(np.sqrt(noise)), float(f), p)


def _mean(cluster: Ints, values: Floats, n_scores: Ints) -> Floats:
    sums = np.bincount(cluster, weights=values, minlength=len(n_scores))
    return np.where(n_scores > 0, sums / np.maximum(n_scores, 1), np.nan)


def _rank_correlation(cluster: Ints, round_: Ints, score: Floats) -> float:
    """Spearman's coefficient of each two rounds' scores of the clusters that both have, on average; NaN for none."""
    found = []
    for one, other in combinations(np.unique(round_), 2):
        _, left, right = np.intersect1d(
            cluster[round_ == one], cluster[round_ == other], assume_unique=True, return_indices=True
        )
        a, b = score[round_ == one][left], score[round_ == other][right]
        if len(a) > 2 and np.ptp(a) > 0 and np.ptp(b) > 0:
            found.append(float(stats.spearmanr(a, b).statistic))
    return float(np.mean(found)) if found else np.nan
