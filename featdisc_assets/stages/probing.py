"""Probes: predict a thought or response cluster from clusters of the user's turns."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

from featdisc_assets.statistics.logistic import Counts, Flags, Floats, Fold, Reals, f1

BLOCK = 64
BASELINES = ("prior", "length", "shuffled")


@dataclass(frozen=True, slots=True)
class Probe:
    """The scores of one target on held-out groups.

    Scores are None where they cannot be computed, and `reason` says why. `baseline_prior_f1` predicts every transcript
    positive, `baseline_length_f1` uses only the length and language of
    the user's turns and the model, `baseline_shuffled_f1` is trained on shuffled labels.

    Attributes:
        margin: F1 minus the best baseline's.
        margin_low: Lower end of its 95 % interval: a bootstrap over held-out groups, against the best baseline of each
            draw.
        brier: Mean squared error of the probabilities; `baseline_prior_brier` is that of the training base rate.
        c: Inverse strength of the penalty, chosen by log-loss within the training groups.
        threshold: Probability at and above which a transcript is called positive, chosen there by F1.
        n_positive_tested: Held-out transcripts that show it; n_chosen are predicted positive, n_hits of them correctly.
        alike: Sums over held-out groups for the intra-group correlation: squares of the positives, positives times
            size, squares of the chosen, chosen times size, squares of sizes.
        weights: The largest coefficients by size: (column of x, weight), means over the folds.
    """

    n_positive: int
    n_tested: int
    n_groups_tested: int
    base_rate: float
    f1: float | None = None
    precision: float | None = None
    recall: float | None = None
    average_precision: float | None = None
    brier: float | None = None
    threshold: float | None = None
    c: float | None = None
    baseline_prior_f1: float | None = None
    baseline_length_f1: float | None = None
    baseline_shuffled_f1: float | None = None
    baseline_prior_brier: float | None = None
    margin: float | None = None
    margin_low: float | None = None
    margin_high: float | None = None
    reason: str | None = None
    n_positive_tested: int = 0
    n_chosen: int = 0
    n_hits: int = 0
    alike: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    weights: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Knobs:
    """Settings of training and testing.

    Attributes:
        tested_folds: How many of the folds are held out in turn; scores are pooled over them.
        tuning_folds: Into how many parts training groups are split to choose penalty and threshold.
        tuned_folds: How many of these are predicted from the others.
        c: Inverse strengths of the penalty to choose from, strongest penalty first.
        n_weights: How many of the largest weights to keep.
        n_draws: Bootstrap draws of held-out groups.
        seed: Of splits, shuffled labels and draws.
    """

    tested_folds: int
    tuning_folds: int
    tuned_folds: int
    c: tuple[float, ...]
    n_weights: int
    n_draws: int
    seed: int


def fold_of(groups: Sequence[str], *, folds: int, seed: int) -> Counts:
    """A fold 0..folds-1 for each transcript, the same within a group; groups are assigned in the order of a hash."""

    def place(group: str) -> bytes:
        return hashlib.blake2b(f"{seed}:{group}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    dealt = {group: i % folds for i, group in enumerate(sorted(set(groups), key=place))}
    return np.fromiter((dealt[group] for group in groups), np.int64, len(groups))


def probe_all(
    x: sparse.csr_matrix,
    plain: sparse.csr_matrix,
    targets: sparse.csc_matrix,
    groups: Sequence[str],
    *,
    folds: int,
    knobs: Knobs,
    threads: int,
    report: Callable[[int], None],
) -> tuple[list[Probe], Reals]:
    """Fit and test one logistic regression per target, with its baselines, in blocks of targets.

    Args:
        x: Transcripts x clusters that predict, 0 or 1.
        plain: Transcripts x inputs of the plain baseline: length, language, model.
        targets: Transcripts x target clusters, nonzero where the transcript shows the target.
        groups: The group of each transcript; none is in both halves of any split.
        folds: Parts that groups are split into.
        knobs: See there.
        threads: Blocks fitted at the same time.
        report: Called with the number of finished targets after each block.

    Returns:
        A probe for each target, and calibration: for twenty equal bins of predicted probability, over all targets, the
        sum of probabilities, of positives, and the number of predictions.
    """
    split = _Split(x, plain, groups, folds, knobs)
    starts = range(0, targets.shape[1], BLOCK)

    def work(start: int) -> tuple[list[Probe], Reals]:
        wanted = np.asarray(targets[:, start : start + BLOCK].todense()) > 0
        return split.probe(wanted)

    probes: list[Probe] = []
    calibration = np.zeros((3, 20))
    # One BLAS thread, because the products are sparse and our own threads use the cores.
    with threadpool_limits(limits=1), ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        for found, binned in pool.map(work, starts):
            probes += found
            calibration += binned
            report(len(probes))
    return probes, calibration


class _Split:
    """The matrices of every fold, shared by all targets."""

    def __init__(
        self, x: sparse.csr_matrix, plain: sparse.csr_matrix, groups: Sequence[str], folds: int, knobs: Knobs
    ) -> None:
        self.knobs = knobs
        self.fold = fold_of(groups, folds=folds, seed=knobs.seed)
        self.tested = self.fold < knobs.tested_folds
        _, self.group = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
        tuning = fold_of(groups, folds=knobs.tuning_folds, seed=knobs.seed + 1)
        self.halves = []
        for k in range(knobs.tested_folds):
            train, test = np.flatnonzero(self.fold != k), np.flatnonzero(self.fold == k)
            inner = tuning[train]
            self.halves.append(
                _Half(
                    train,
                    test,
                    Fold(x, train, test, inner, knobs.tuned_folds),
                    Fold(plain, train, test, inner, knobs.tuned_folds),
                )
            )
        self.groups_tested = np.unique(self.group[self.tested])
        # Bootstrap: counts of each held-out group in samples with replacement.
        random = np.random.default_rng(knobs.seed + 2)
        g = max(len(self.groups_tested), 1)
        self.draws = random.multinomial(g, np.full(g, 1 / g), size=knobs.n_draws).astype(np.float32)
        self.place = np.searchsorted(self.groups_tested, self.group[self.tested])
        self.sizes = np.bincount(self.place, minlength=g).astype(np.float64)

    def probe(self, target: Flags) -> tuple[list[Probe], Reals]:
        reasons = [self._reason(target[:, j]) for j in range(target.shape[1])]
        able = np.array([reason is None for reason in reasons], dtype=bool)
        empty = [self._empty(target[:, j], reason) for j, reason in enumerate(reasons)]
        if not able.any():
            return empty, np.zeros((3, 20))
        found, calibration = self._scored(target[:, able])
        scored = iter(found)
        return [next(scored) if ok else nothing for ok, nothing in zip(able, empty, strict=True)], calibration

    def _empty(self, flags: Flags, reason: str | None) -> Probe:
        rate = float(flags.mean()) if len(flags) else 0.0
        return Probe(int(flags.sum()), int(self.tested.sum()), len(self.groups_tested), rate, reason=reason)

    def _reason(self, flags: Flags) -> str | None:
        held_out = flags[self.tested]
        if len(self.groups_tested) < 2:
            return f"{len(self.groups_tested)} held-out groups are too few to test on"
        if not held_out.any() or held_out.all():
            return f"all {len(held_out)} held-out transcripts agree, so there is nothing to predict"
        for k, half in enumerate(self.halves):
            trained = flags[half.train]
            if not trained.any() or trained.all():
                return f"all training transcripts of fold {k} agree, so there is nothing to learn"
        return None

    def _scored(self, target: Flags) -> tuple[list[Probe], Reals]:
        n, k = target.shape
        scores, prior = np.zeros((n, k), np.float32), np.zeros((n, k), np.float32)
        chosen = {name: np.zeros((n, k), bool) for name in ("probe", "length", "shuffled")}
        cs, thresholds, weights = [], [], []
        random = np.random.default_rng(self.knobs.seed)
        for half in self.halves:
            trained = target[half.train]
            fitted = half.full.fitted(trained, np.tile(np.array(self.knobs.c, np.float32)[:, None], k))
            scores[half.test], prior[half.test] = fitted.scores, trained.mean(axis=0)
            chosen["probe"][half.test] = fitted.scores >= fitted.threshold
            by_plain = half.plain.fitted(trained, np.ones((1, k), np.float32))
            chosen["length"][half.test] = by_plain.scores >= by_plain.threshold
            by_chance = half.full.fitted(trained[random.permutation(len(trained))], fitted.c[None, :])
            chosen["shuffled"][half.test] = by_chance.scores >= by_chance.threshold
            cs.append(fitted.c)
            thresholds.append(fitted.threshold)
            weights.append(fitted.weights)
        truth, tested = target[self.tested], scores[self.tested]
        scored = {"prior": self._f1(truth, np.ones_like(truth))}
        scored |= {name: self._f1(truth, flags[self.tested]) for name, flags in chosen.items()}
        draws = scored["probe"].draws - np.maximum.reduce([scored[name].draws for name in BASELINES])
        ends = np.quantile(draws, [0.025, 0.975], axis=0)
        alike = self._alike(truth, chosen["probe"][self.tested])
        mean_weights = np.mean(weights, axis=0)
        probes = []
        for j in range(k):
            of = {name: float(found.value[j]) for name, found in scored.items()}
            hits, called, there = (int(counts[j]) for counts in scored["probe"].counts)
            probes.append(
                Probe(
                    n_positive=int(target[:, j].sum()),
                    n_tested=len(truth),
                    n_groups_tested=len(self.groups_tested),
                    base_rate=float(target[:, j].mean()),
                    f1=of["probe"],
                    precision=hits / called if called else 0.0,
                    recall=hits / there,
                    average_precision=float(average_precision_score(truth[:, j], tested[:, j])),
                    brier=float(np.mean((tested[:, j] - truth[:, j]) ** 2)),
                    threshold=float(np.mean([found[j] for found in thresholds])),
                    c=float(np.exp(np.mean([np.log(found[j]) for found in cs]))),
                    baseline_prior_f1=of["prior"],
                    baseline_length_f1=of["length"],
                    baseline_shuffled_f1=of["shuffled"],
                    baseline_prior_brier=float(np.mean((prior[self.tested, j] - truth[:, j]) ** 2)),
                    margin=of["probe"] - max(of[name] for name in BASELINES),
                    margin_low=float(ends[0, j]),
                    margin_high=float(ends[1, j]),
                    n_positive_tested=there,
                    n_chosen=called,
                    n_hits=hits,
                    alike=tuple(alike[:, j].tolist()),
                    weights=_largest(mean_weights[:-1, j], self.knobs.n_weights),
                )
            )
        return probes, _calibration(tested, truth)

    def _f1(self, truth: Flags, chosen: Flags) -> "_F1":
        """F1 of each target, of the sample and of each draw of groups."""
        hits, called = (self._by_group(flags) for flags in (truth & chosen, chosen))
        there = self._by_group(truth)
        sums = [np.asarray(of.sum(axis=0), np.float64) for of in (hits, called, there)]
        drawn = [np.asarray(self.draws @ of, np.float64) for of in (hits, called, there)]
        return _F1(f1(*sums), f1(*drawn), (sums[0], sums[1], sums[2]))

    def _by_group(self, flags: Flags) -> Floats:
        """Held-out groups x targets: number of flagged transcripts."""
        n = len(flags)
        to_groups = sparse.csr_matrix(
            (np.ones(n, np.float32), (self.place, np.arange(n))), shape=(len(self.groups_tested), n)
        )
        found: Floats = to_groups @ flags.astype(np.float32)
        return found

    def _alike(self, truth: Flags, chosen: Flags) -> Reals:
        there, called = self._by_group(truth).astype(np.float64), self._by_group(chosen).astype(np.float64)
        squares = np.full(truth.shape[1], (self.sizes**2).sum())
        return np.stack(
            [(there**2).sum(axis=0), self.sizes @ there, (called**2).sum(axis=0), self.sizes @ called, squares]
        )


@dataclass(frozen=True, slots=True)
class _F1:
    value: Reals
    draws: Reals
    counts: tuple[Reals, Reals, Reals]


@dataclass(frozen=True, slots=True)
class _Half:
    train: Counts
    test: Counts
    full: Fold
    plain: Fold


def _calibration(scores: Floats, truth: Flags) -> Reals:
    bins = np.minimum((scores * 20).astype(np.int64), 19).ravel()
    sums = (scores.ravel().astype(np.float64), truth.ravel().astype(np.float64), np.ones(bins.size))
    return np.stack([np.bincount(bins, weights=values, minlength=20) for values in sums])


def _largest(weights: Floats, count: int) -> tuple[tuple[int, float], ...]:
    order = np.argsort(-np.abs(weights), kind="stable")[:count]
    return tuple((int(i), round(float(weights[i]), 5)) for i in order if abs(weights[i]) > 1e-6)
