"""Many logistic regressions at once, against scikit-learn's one at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from featdisc_assets.statistics import logistic


def corpus(n: int = 800, columns: int = 60, targets: int = 6) -> tuple[sparse.csr_matrix, logistic.Flags]:
    random = np.random.default_rng(0)
    x = (random.random((n, columns)) < 0.1).astype(np.float32)
    truth = random.normal(0, 2, size=(columns, targets)) * (random.random((columns, targets)) < 0.1)
    return sparse.csr_matrix(x), random.random((n, targets)) < 1 / (1 + np.exp(3 - x @ truth))


@pytest.mark.parametrize("c", [0.01, 0.3, 3.0])
def test_weights_are_those_of_scikit_learn(c: float) -> None:
    x, y = corpus()
    found = logistic.fit(logistic.Design(x), y, np.full(y.shape[1], c, np.float32), tolerance=1e-4)
    for j in range(y.shape[1]):
        model = LogisticRegression(C=c, tol=1e-8, max_iter=2_000).fit(x, y[:, j])
        np.testing.assert_allclose(found[:-1, j], model.coef_[0], atol=0.01)
        assert found[-1, j] == pytest.approx(model.intercept_[0], abs=0.01)


def test_each_target_has_a_penalty_of_its_own_and_may_start_anywhere() -> None:
    x, y = corpus(targets=2)
    design, strengths = logistic.Design(x), np.array([0.01, 1.0], np.float32)
    together = logistic.fit(design, y, strengths, tolerance=1e-4)
    warm = logistic.fit(design, y, strengths, tolerance=1e-4, start=together[:, ::-1].copy())
    np.testing.assert_allclose(warm, together, atol=0.01)
    for j in range(2):
        alone = logistic.fit(design, y[:, [j]], strengths[[j]], tolerance=1e-4)
        np.testing.assert_allclose(alone[:, 0], together[:, j], atol=0.01)


def test_a_target_without_a_positive_and_columns_without_a_unit_give_numbers() -> None:
    x, y = corpus()
    y[:, 0], y[:, 1] = False, True
    empty = sparse.hstack([x, sparse.csr_matrix((x.shape[0], 2))]).tocsr()
    found = logistic.fit(logistic.Design(empty), y, np.ones(y.shape[1], np.float32))
    assert np.isfinite(found).all()
    assert np.abs(found[-3:-1]).max() == 0


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.3, 0.7])), min_size=1, max_size=30))
def test_threshold_is_the_best_there_is(rows: list[tuple[bool, float]]) -> None:
    truth, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    chosen = score >= logistic.best_threshold(truth, score)
    best = max(f1_score(truth, score >= cut, zero_division=0.0) for cut in np.unique(score))
    assert f1_score(truth, chosen, zero_division=0.0) == pytest.approx(best)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_f1_agrees_with_scikit_learn(rows: list[tuple[bool, bool]]) -> None:
    truth, chosen = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = logistic.f1(*(np.array([float(flags.sum())]) for flags in (truth & chosen, chosen, truth)))
    assert found == pytest.approx(f1_score(truth, chosen, zero_division=0.0))
