"""Probes: what is planted is found, what is shuffled is not, and no group is on both sides."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import f1_score

from featdisc_assets.stages import probing

KNOBS: dict[str, Any] = {"tested_folds": 5, "c": 0.3, "n_weights": 3, "seed": 0}


def corpus(n: int = 600, columns: int = 20, seed: int = 3) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = sparse.csr_matrix((random.random((n, columns)) < 0.2).astype(np.float64))
    length = random.lognormal(6, 1, size=n)
    fold = probing.fold_of([f"g{i // 3}" for i in range(n)], folds=5, seed=0)
    return x, length, fold


def test_a_planted_rule_is_found_and_beats_every_baseline() -> None:
    x, length, fold = corpus()
    target = np.asarray(x[:, [4]].todense()).ravel() > 0
    found = probing.probe(x, target, length, fold, **KNOBS)
    assert found.f1 is not None
    assert found.f1 > 0.95
    assert found.weights[0][0] == 4
    assert max(found.baseline_prior_f1 or 0, found.baseline_length_f1 or 0, found.baseline_shuffled_f1 or 0) < 0.5


def test_a_target_unrelated_to_the_user_stays_at_the_baselines() -> None:
    x, length, fold = corpus()
    target = np.random.default_rng(8).random(x.shape[0]) < 0.2
    found = probing.probe(x, target, length, fold, **KNOBS)
    assert found.f1 is not None
    assert found.baseline_prior_f1 is not None
    assert found.f1 < found.baseline_prior_f1 + 0.08


def test_prior_baseline_is_always_yes() -> None:
    x, length, fold = corpus()
    target = np.random.default_rng(8).random(x.shape[0]) < 0.3
    found = probing.probe(x, target, length, fold, **KNOBS)
    assert found.baseline_prior_f1 == pytest.approx(f1_score(target, np.ones(len(target), bool)))


@pytest.mark.parametrize("value", [True, False])
def test_a_target_that_never_varies_gives_a_reason(value: bool) -> None:
    x, length, fold = corpus(60)
    found = probing.probe(x, np.full(60, value), length, fold, **KNOBS)
    assert found.f1 is None
    assert "nothing to predict" in (found.reason or "")


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=50))
def test_a_group_is_in_one_fold(groups: list[str]) -> None:
    folds = probing.fold_of(groups, folds=4, seed=1)
    for group in set(groups):
        assert len({fold for fold, g in zip(folds.tolist(), groups, strict=True) if g == group}) == 1


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.3, 0.7])), min_size=1, max_size=30))
def test_threshold_is_the_best_there_is(rows: list[tuple[bool, float]]) -> None:
    truth, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    chosen = score >= probing.best_threshold(truth, score)
    every = [score >= cut for cut in np.unique(score)]
    best = max(probing.f1_score(truth, option)[0] for option in every)
    assert probing.f1_score(truth, chosen)[0] == pytest.approx(best)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_f1_agrees_with_scikit_learn(rows: list[tuple[bool, bool]]) -> None:
    truth, chosen = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    assert probing.f1_score(truth, chosen)[0] == pytest.approx(f1_score(truth, chosen, zero_division=0.0))
