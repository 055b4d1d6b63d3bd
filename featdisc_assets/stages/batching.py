"""Shuffled batches of clusters, and scores corrected for the leniency of each batch."""

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
    """Positions 0..n-1 in batches of at most `size`, every position once per round, each round in its own order.

    A score depends on the rest of the batch; different batches in each round show by how much.
    """
    batches = []
    for round_ in range(rounds):
        order = np.random.default_rng([seed, round_]).permutation(n).tolist()
        batches += [order[start : start + size] for start in range(0, n, size)]
    return batches


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of the scores of several batches.

    Attributes:
        batch_sd: Standard deviation of batch effects beyond noise; 0 if there is none.
        noise_sd: Standard deviation of a score about its cluster's mean, without batch effects; NaN if no cluster is
            scored twice.
        batch_f: F statistic of the test of no batch effects; NaN where it cannot be computed.
        batch_p: Its p-value.
        rank_correlation: Mean of Spearman's coefficient over pairs of rounds, as scored.
        rank_correlation_adjusted: The same for adjusted scores.
    """

    batch_sd: float
    noise_sd: float
    batch_f: float
    batch_p: float
    rank_correlation: float
    rank_correlation_adjusted: float


@dataclass(frozen=True, slots=True)
class Interest:
    """Scores corrected for the leniency of batches.

    Attributes:
        effect: Effect of each batch on its scores, shrunk towards 0.
        adjusted: Each score minus its batch's effect.
        mean: Mean adjusted score of each cluster, clipped to 1-100, NaN without a score.
        raw_mean: Mean unadjusted score of each cluster.
        spread: Standard deviation of each cluster's adjusted scores, 0 for one, NaN for none.
        n_scores: Number of scores of each cluster.
        agreement: Of all scores.
    """

    effect: Floats
    adjusted: Floats
    mean: Floats
    raw_mean: Floats
    spread: Floats
    n_scores: Ints
    agreement: Agreement


def combine_scores(
    cluster: Ints, batch: Ints, round_: Ints, score: Floats, *, n_clusters: int, n_batches: int
) -> Interest:
    """Mean scores of clusters in a model with random batch effects.

    score = cluster + batch + noise, with clusters fixed and batches random. The variances are Henderson's (method III,
    Biometrics 9 (1953), 226-252): from the residual sums of squares with and without batches and
    their expectations. The effects are the best linear unbiased predictions, which shrink differences that may be
    noise.

    `cluster`, `batch` and `round_` number those of each score, from 0.
    """
    n_scores = np.bincount(cluster, minlength=n_clusters)
    design = sparse.csr_array((np.ones(len(batch)), (np.arange(len(batch)), batch)), shape=(len(batch), n_batches))

    def within(values: Floats) -> Floats:
        """Values minus the mean of their cluster."""
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
    """Batch effects; and batch_sd, noise_sd, F and p."""
    n_batches = design.shape[1]
    left = within(score)
    total = float(left @ left)
    # Batches are comparable only within a connected component of shared clusters.
    shares = sparse.csr_array((np.ones(len(batch)), (batch, cluster)), shape=(n_batches, len(n_scores)))
    used = np.unique(batch)
    n_parts = csgraph.connected_components((shares @ shares.T)[used][:, used])[0] if len(used) else 0
    free_batches = len(used) - n_parts
    free_noise = len(score) - int((n_scores > 0).sum()) - free_batches
    nothing = np.zeros(n_batches)
    if free_batches <= 0 or free_noise <= 0:
        # One batch per round, or no cluster scored twice: leniency and interest cannot be separated.
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
    # The trace of Z'MZ.
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
    """Mean Spearman coefficient over pairs of rounds, for clusters scored in both; NaN without such a pair."""
    found = []
    for one, other in combinations(np.unique(round_), 2):
        _, left, right = np.intersect1d(
            cluster[round_ == one], cluster[round_ == other], assume_unique=True, return_indices=True
        )
        a, b = score[round_ == one][left], score[round_ == other][right]
        if len(a) > 2 and np.ptp(a) > 0 and np.ptp(b) > 0:
            found.append(float(stats.spearmanr(a, b).statistic))
    return float(np.mean(found)) if found else np.nan
