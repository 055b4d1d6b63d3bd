"""Shuffled batches and what is made of their scores."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featdisc_assets.stages import batching


@given(st.integers(0, 60), st.integers(1, 12), st.integers(1, 4), st.integers(0, 5))
def test_every_position_once_a_round(n: int, size: int, rounds: int, seed: int) -> None:
    batches = batching.shuffled_batches(n, size=size, rounds=rounds, seed=seed)
    assert sorted(position for batch in batches for position in batch) == sorted(list(range(n)) * rounds)
    assert all(1 <= len(batch) <= size for batch in batches)
    assert batches == batching.shuffled_batches(n, size=size, rounds=rounds, seed=seed)


def test_rounds_differ_in_company() -> None:
    batches = batching.shuffled_batches(20, size=10, rounds=2, seed=0)
    assert set(batches[0]) != set(batches[2])


def scored(
    truth: np.ndarray, effects: np.ndarray, *, size: int, rounds: int, noise: float, seed: int
) -> dict[str, Any]:
    """What a rater gives that adds an amount of its own to every batch."""
    rng = np.random.default_rng(seed)
    batches = batching.shuffled_batches(len(truth), size=size, rounds=rounds, seed=seed)
    a_round = len(batches) // rounds
    cluster = np.concatenate([np.array(batch) for batch in batches])
    batch = np.repeat(np.arange(len(batches)), [len(batch) for batch in batches])
    score = truth[cluster] + effects[batch % len(effects)] + rng.normal(0, noise, len(cluster))
    return {
        "cluster": cluster,
        "batch": batch,
        "round_": batch // a_round,
        "score": score,
        "n_clusters": len(truth),
        "n_batches": len(batches),
    }


def test_a_known_batch_effect_is_found_and_taken_off() -> None:
    truth = np.random.default_rng(0).uniform(20, 80, 300)
    effects = np.random.default_rng(1).normal(0, 12, 60)
    found = batching.combine_scores(**scored(truth, effects, size=10, rounds=2, noise=3, seed=2))
    assert found.agreement.batch_sd == pytest.approx(effects.std(), rel=0.2)
    assert found.agreement.noise_sd == pytest.approx(3, rel=0.2)
    assert found.agreement.batch_p < 1e-6
    assert found.agreement.rank_correlation < 0.85
    assert found.agreement.rank_correlation_adjusted > 0.95
    raw = np.std(found.raw_mean - truth)
    assert np.std(found.mean - truth) < raw / 2
    assert np.corrcoef(found.effect, effects)[0, 1] > 0.95


@pytest.mark.parametrize("seed", range(5))
def test_where_no_batch_is_lenient_little_is_taken_off(seed: int) -> None:
    truth = np.random.default_rng(seed).uniform(20, 80, 200)
    found = batching.combine_scores(**scored(truth, np.zeros(1), size=10, rounds=3, noise=5, seed=seed))
    assert found.agreement.batch_sd < 1.6
    assert np.std(found.mean - truth) < 1.1 * np.std(found.raw_mean - truth)


def test_f_holds_its_rate_where_batches_differ_by_noise_alone() -> None:
    truth = np.random.default_rng(0).uniform(20, 80, 60)
    p = [
        batching.combine_scores(**scored(truth, np.zeros(1), size=6, rounds=2, noise=5, seed=seed)).agreement.batch_p
        for seed in range(300)
    ]
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.09


def test_mean_spread_and_number() -> None:
    found = batching.combine_scores(
        np.array([0, 1, 0]), np.array([0, 1, 1]), np.array([0, 1, 1]), np.array([10.0, 50.0, 30.0]),
        n_clusters=3, n_batches=2,
    )  # fmt: skip
    assert found.raw_mean[:2].tolist() == [20.0, 50.0]
    assert np.isnan(found.mean[2])
    assert found.spread[:2].tolist() == [10.0, 0.0]
    assert found.n_scores.tolist() == [2, 1, 0]
    # Two batches and one cluster in both: leniency and noise cannot be told apart.
    assert np.isnan(found.agreement.batch_f)


def test_nothing_scored_is_nothing() -> None:
    nothing = np.zeros(0, np.int64)
    found = batching.combine_scores(nothing, nothing, nothing, np.zeros(0), n_clusters=2, n_batches=1)
    assert np.isnan(found.mean).all()
    assert found.n_scores.tolist() == [0, 0]
    assert np.isnan(found.agreement.rank_correlation)
