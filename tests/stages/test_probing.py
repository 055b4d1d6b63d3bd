"""Probes: what is planted is found, what is shuffled is not, and no group is on both sides."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score

from featdisc_assets.stages import probing

Flags = npt.NDArray[np.bool_]
KNOBS = probing.Knobs(
    tested_folds=5, tuning_folds=4, tuned_folds=1, c=(0.03, 0.3, 3.0), n_weights=3, n_draws=200, seed=0
)


def corpus(n: int = 600, columns: int = 20, seed: int = 3) -> tuple[sparse.csr_matrix, sparse.csr_matrix, list[str]]:
    random = np.random.default_rng(seed)
    x = sparse.csr_matrix((random.random((n, columns)) < 0.2).astype(np.float64))
    length = random.lognormal(6, 1, size=n)
    return x, sparse.csr_matrix(np.log(length)[:, None] - 6), [f"g{i // 3}" for i in range(n)]


def probe(target: Flags, knobs: probing.Knobs = KNOBS, n: int = 600, seed: int = 3) -> probing.Probe:
    return several(target[:, None], knobs, n, seed)[0]


def several(targets: Flags, knobs: probing.Knobs = KNOBS, n: int = 600, seed: int = 3) -> list[probing.Probe]:
    x, plain, groups = corpus(n, seed=seed)
    reported: list[int] = []
    found, calibration = probing.probe_all(
        x, plain, sparse.csc_matrix(targets), groups, folds=5, knobs=knobs, threads=2, report=reported.append
    )
    assert reported[-1] == len(found) == targets.shape[1]
    assert calibration[2].sum() == sum(one.n_tested for one in found if one.f1 is not None)
    return found


def column(i: int, n: int = 600) -> Flags:
    shown: Flags = np.asarray(corpus(n)[0][:, [i]].todense()).ravel() > 0
    return shown


def test_a_planted_rule_is_found_and_beats_every_baseline() -> None:
    found = probe(column(4))
    assert found.f1 is not None
    assert found.margin_low is not None
    assert found.f1 > 0.95
    assert found.margin_low > 0.5
    assert found.weights[0][0] == 4
    assert max(found.baseline_prior_f1 or 0, found.baseline_length_f1 or 0, found.baseline_shuffled_f1 or 0) < 0.5


def test_a_noisy_rule_of_two_clusters_still_gives_an_f1_of_nine_tenths() -> None:
    random = np.random.default_rng(1)
    assert (probe((column(4) | column(9)) ^ (random.random(600) < 0.02)).f1 or 0) > 0.9


def test_what_length_alone_tells_beats_nothing() -> None:
    length = np.asarray(corpus()[1].todense()).ravel()
    found = probe(length > 0.8)
    assert (found.baseline_length_f1 or 0) > 0.9
    assert (found.margin_high or 0) < 0


def test_unrelated_and_shuffled_targets_fall_to_the_baselines() -> None:
    random = np.random.default_rng(8)
    shuffled = np.stack([random.permutation(column(i)) for i in range(20)], axis=1)
    unrelated = random.random((600, 20)) < 0.2
    found = several(np.hstack([shuffled, unrelated]))
    assert np.mean([one.margin or 0 for one in found]) < 0
    # 40 intervals of 95 %, of which one end counts: one is expected.
    assert sum((one.margin_low or 0) > 0 for one in found) <= 3


def test_the_scores_are_those_of_scikit_learn_on_the_same_split() -> None:
    random = np.random.default_rng(1)
    x, _, groups = corpus(1500)
    target = (column(4, 1500) | column(9, 1500)) ^ (random.random(1500) < 0.1)
    knobs = replace(KNOBS, tested_folds=1, c=(0.3,))
    found = probe(target, knobs, 1500)
    test = probing.fold_of(groups, folds=5, seed=0) == 0
    model = LogisticRegression(C=0.3).fit(x[~test], target[~test])
    score = model.predict_proba(x[test])[:, 1]
    assert found.threshold is not None
    assert found.f1 == pytest.approx(f1_score(target[test], score >= found.threshold), abs=0.02)
    assert found.average_precision == pytest.approx(average_precision_score(target[test], score), abs=0.01)
    assert found.brier == pytest.approx(brier_score_loss(target[test], score), abs=0.002)
    assert found.n_tested == test.sum()


def test_prior_baseline_is_always_yes() -> None:
    target = np.random.default_rng(8).random(600) < 0.3
    found = probe(target)
    assert found.baseline_prior_f1 == pytest.approx(f1_score(target, np.ones(len(target), bool)))
    assert found.baseline_prior_brier == pytest.approx(target.var(), abs=0.003)


@pytest.mark.parametrize("value", [True, False])
def test_a_target_that_never_varies_gives_a_reason_beside_those_that_do(value: bool) -> None:
    found = several(np.stack([np.full(600, value), column(4)], axis=1))
    assert found[0].f1 is None
    assert "nothing to predict" in (found[0].reason or "")
    assert found[1].reason is None


def test_one_group_gives_a_reason() -> None:
    x, plain, _ = corpus(30)
    target = sparse.csc_matrix(column(4, 30)[:, None])
    found, _ = probing.probe_all(
        x, plain, target, ["g"] * 30, folds=5, knobs=KNOBS, threads=1, report=lambda done: None
    )
    assert found[0].f1 is None
    assert found[0].reason


def test_two_runs_on_any_number_of_threads_are_equal() -> None:
    x, plain, groups = corpus()
    targets = sparse.csc_matrix(np.random.default_rng(0).random((600, 150)) < 0.2)
    runs = [
        probing.probe_all(x, plain, targets, groups, folds=5, knobs=KNOBS, threads=threads, report=lambda done: None)
        for threads in (1, 3)
    ]
    assert runs[0][0] == runs[1][0]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=50))
def test_a_group_is_in_one_fold(groups: list[str]) -> None:
    folds = probing.fold_of(groups, folds=4, seed=1)
    for group in set(groups):
        assert len({fold for fold, g in zip(folds.tolist(), groups, strict=True) if g == group}) == 1
    sizes = [len({g for g, fold in zip(groups, folds.tolist(), strict=True) if fold == k}) for k in range(4)]
    assert max(sizes) - min(sizes) <= 1
