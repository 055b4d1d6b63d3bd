"""Can the clusters of the user's turns predict a cluster of the model's thoughts or responses?"""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

Flags = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Probe:
    """How well one target was predicted on groups its model had not seen.

    Scores are None where they mean nothing, and `reason` says why. F1 is the harmonic mean of precision and recall.
    `baseline_prior_f1` predicts every transcript positive, `baseline_length_f1` knows only how long the user's turns
    are, `baseline_shuffled_f1` learns from labels shuffled among the training transcripts. `weights` are the largest
    coefficients by size: (column of x, weight), fitted on everything.
    """

    n_positive: int
    n_tested: int
    base_rate: float
    f1: float | None = None
    precision: float | None = None
    recall: float | None = None
    average_precision: float | None = None
    threshold: float | None = None
    baseline_prior_f1: float | None = None
    baseline_length_f1: float | None = None
    baseline_shuffled_f1: float | None = None
    reason: str | None = None
    weights: list[tuple[int, float]] = field(default_factory=list)


def fold_of(groups: Sequence[str], *, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """A fold 0..folds-1 for each transcript, the same for all of one group, by a hash of the group alone."""
    known: dict[str, int] = {}
    for group in groups:
        if group not in known:
            digest = hashlib.blake2b(f"{seed}:{group}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
            known[group] = int.from_bytes(digest, "big") % folds
    return np.fromiter((known[group] for group in groups), np.int64, len(groups))


def probe(
    x: sparse.csr_matrix,
    target: Flags,
    length: Reals,
    fold: npt.NDArray[np.int64],
    *,
    tested_folds: int,
    c: float,
    n_weights: int,
    seed: int,
) -> Probe:
    """Fit one logistic regression on each training half and score it, with its baselines, on the held-out groups.

    Args:
        x: Transcripts x user clusters, 0 or 1.
        target: Whether each transcript shows the target cluster.
        length: Characters of the user's turns.
        fold: From `fold_of`; no group is in two folds.
        tested_folds: How many of the folds are held out in turn; the scores are pooled over them.
        c: Inverse strength of the L2 penalty.
        n_weights: How many of the largest weights to keep.
        seed: Of the shuffled labels.
    """
    tested = fold < tested_folds
    empty = Probe(n_positive=int(target.sum()), n_tested=int(tested.sum()), base_rate=float(target.mean()))
    held_out = target[tested]
    if not held_out.any() or held_out.all():
        return replace(empty, reason=f"all {len(held_out)} held-out transcripts agree, so there is nothing to predict")
    random = np.random.default_rng(seed)
    by_length = sparse.csr_matrix(_standard(np.log1p(length))[:, None])
    shuffled = target.copy()
    scores, chosen = np.zeros(len(target)), np.zeros(len(target), bool)
    chosen_by_length, chosen_by_chance = np.zeros(len(target), bool), np.zeros(len(target), bool)
    thresholds = []
    for k in range(tested_folds):
        test = fold == k
        train = ~test
        if not target[train].any() or target[train].all():
            return replace(empty, reason=f"all training transcripts of fold {k} agree, so there is nothing to learn")
        scores[test], threshold = _fit(x[train], target[train], x[test], c=c)
        thresholds.append(threshold)
        chosen[test] = scores[test] >= threshold
        score, threshold = _fit(by_length[train], target[train], by_length[test], c=c)
        chosen_by_length[test] = score >= threshold
        shuffled[train] = random.permutation(target[train])
        score, threshold = _fit(x[train], shuffled[train], x[test], c=c)
        chosen_by_chance[test] = score >= threshold
    f1, precision, recall = f1_score(held_out, chosen[tested])
    return replace(
        empty,
        f1=f1,
        precision=precision,
        recall=recall,
        average_precision=float(average_precision_score(held_out, scores[tested])),
        threshold=float(np.mean(thresholds)),
        baseline_prior_f1=f1_score(held_out, np.ones(len(held_out), bool))[0],
        baseline_length_f1=f1_score(held_out, chosen_by_length[tested])[0],
        baseline_shuffled_f1=f1_score(held_out, chosen_by_chance[tested])[0],
        weights=_largest(_model(x, target, c=c).coef_[0], n_weights),
    )


def f1_score(truth: Flags, chosen: Flags) -> tuple[float, float, float]:
    """F1, precision and recall; 0 where nothing was chosen or nothing was there."""
    hits = int((truth & chosen).sum())
    precision = hits / int(chosen.sum()) if chosen.any() else 0.0
    recall = hits / int(truth.sum()) if truth.any() else 0.0
    return (2 * precision * recall / (precision + recall) if hits else 0.0), precision, recall


def best_threshold(truth: Flags, score: Reals) -> float:
    """The score at and above which calling everything positive gives the greatest F1.

    With few positives a probability never reaches one half, so a fixed threshold there would choose nothing.
    """
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    # A cut is possible only where the score changes: equal scores stand or fall together.
    cut = np.append(score[order][1:] != score[order][:-1], True)
    f1 = np.where(cut, 2 * hits / (np.arange(1, len(score) + 1) + truth.sum()), -1.0)
    best = int(f1.argmax())
    below = score[order][best + 1] if best + 1 < len(score) else score[order][best]
    return float((score[order][best] + below) / 2)


def _fit(x: sparse.csr_matrix, target: Flags, x_test: sparse.csr_matrix, *, c: float) -> tuple[Reals, float]:
    model = _model(x, target, c=c)
    return model.predict_proba(x_test)[:, 1], best_threshold(target, model.predict_proba(x)[:, 1])


def _model(x: sparse.csr_matrix, target: Flags, *, c: float) -> LogisticRegression:
    # BLAS threads burn double for nothing on problems this small.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=c, solver="liblinear", max_iter=200, random_state=0).fit(x, target)


def _standard(values: Reals) -> Reals:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else values * 0.0


def _largest(weights: Reals, count: int) -> list[tuple[int, float]]:
    order = np.argsort(-np.abs(weights), kind="stable")[:count]
    return [(int(i), round(float(weights[i]), 6)) for i in order if abs(weights[i]) > 1e-9]
