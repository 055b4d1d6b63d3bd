"""Contrasts within strata and their intervals, against statsmodels, scikit-learn and chance."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import StratifiedTable, mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep

from featdisc_assets.statistics import stratified

Tables = npt.NDArray[np.float64]


def strata_of(tables: Tables) -> stratified.Strata:
    """Sums over 2 x 2 tables of inside and outside by shown and not, stratum by stratum."""
    a, b, c, d = (tables[:, i, j] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    m, m_in, k = a + b + c + d, a + b, a + c
    tells = (m_in > 0) & (m_in < m) & (k > 0) & (k < m)
    expected, surplus = (m_in * k / m)[tells], (a - m_in * k / m)[tells]
    variance = (m_in * (m - m_in) * k * (m - k) / (m * m * np.maximum(m - 1, 1)))[tells]
    third = variance * ((m - 2 * k) * (m - 2 * m_in) / (m * np.maximum(m - 2, 1)))[tells]
    r, s, agreeing = a * d / m, b * c / m, (a + d) / m
    sums = (
        tells, a[tells], expected, variance, third, surplus**2, surplus * variance, variance**2,
        r, s, agreeing * r, agreeing * s + (1 - agreeing) * r, (1 - agreeing) * s,
    )  # fmt: skip
    return stratified.Strata(*(np.array([float(np.sum(values))]) for values in sums))


ONE = np.array([1.0])


def pairs(only_in: int, only_out: int, both: int = 3, neither: int = 4) -> Tables:
    """Pairs of one unit inside and one outside."""
    kinds = [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [1, 0]], [[0, 1], [0, 1]]]
    return np.repeat(np.array(kinds, float), [only_in, only_out, both, neither], axis=0)


@pytest.mark.parametrize(("only_in", "only_out"), [(8, 1), (3, 3), (0, 5), (1, 0), (12, 4)])
def test_pairs_are_mcnemars_exact_test(only_in: int, only_out: int) -> None:
    found = stratified.stratified_p_value(strata_of(pairs(only_in, only_out)), ONE)[0]
    assert found == pytest.approx(mcnemar([[3, only_in], [only_out, 4]], exact=True).pvalue)


def test_many_pairs_are_mcnemars_asymptotic_test() -> None:
    found = stratified.stratified_p_value(strata_of(pairs(120, 85)), ONE)[0]
    assert found == pytest.approx(mcnemar([[3, 120], [85, 4]], exact=False, correction=False).pvalue, rel=0.02)


def test_few_large_strata_are_mantel_and_haenszels() -> None:
    tables = np.array([[[30, 70], [20, 80]], [[55, 45], [40, 60]], [[12, 88], [9, 91]]], float)
    reference = StratifiedTable(list(np.moveaxis(tables, 0, 0)))
    strata = strata_of(tables)
    assert stratified.stratified_p_value(strata, ONE)[0] == pytest.approx(
        reference.test_null_odds(correction=False).pvalue, rel=0.05
    )
    # The half pair that keeps the ratio finite hardly moves it here.
    found = stratified.mantel_haenszel(strata, ONE)
    low, high = reference.oddsratio_pooled_confint()
    assert found[0][0] == pytest.approx(reference.oddsratio_pooled, rel=0.01)
    assert (found[1][0], found[2][0]) == (pytest.approx(low, rel=0.01), pytest.approx(high, rel=0.01))


def test_the_odds_ratio_of_pairs_stays_finite() -> None:
    for only_in, only_out in ((7, 0), (0, 7), (0, 0)):
        odds, low, high = stratified.mantel_haenszel(strata_of(pairs(only_in, only_out)), ONE)
        assert odds[0] == pytest.approx((only_in + 0.5) / (only_out + 0.5))
        assert 0 < low[0] < odds[0] < high[0] < np.inf


def test_a_difference_made_by_strata_alone_is_none_within_them() -> None:
    """Simpson's: the group is mostly French, French texts show it more, and within each language nothing differs."""
    tables = np.array([[[45, 45], [5, 5]], [[1, 9], [9, 81]]], float)
    assert stratified.stratified_p_value(strata_of(tables), ONE)[0] > 0.9
    whole = tables.sum(axis=0, keepdims=True)
    assert stratified.stratified_p_value(strata_of(whole), ONE)[0] < 1e-4


@pytest.mark.parametrize(("k_in", "n_in", "k_out", "n_out"), [(15, 40, 20, 100), (0, 30, 6, 50), (9, 10, 1, 12)])
def test_difference_is_newcombes(k_in: int, n_in: int, k_out: int, n_out: int) -> None:
    a, b, c, d = (np.array([float(v)]) for v in (k_in, n_in, k_out, n_out))
    found = stratified.difference(a, b, c, d, ONE)
    low, high = confint_proportions_2indep(k_in, n_in, k_out, n_out, method="newcomb")
    assert [float(value[0]) for value in found] == pytest.approx([k_in / n_in - k_out / n_out, low, high])


def test_ratio_is_that_of_statsmodels() -> None:
    a, b, c, d = (np.array([float(v)]) for v in (15, 40, 20, 100))
    found = stratified.ratio(a, b, c, d, ONE)
    low, high = confint_proportions_2indep(15.5, 40.5, 20.5, 100.5, compare="ratio", method="log")
    assert [float(value[0]) for value in found] == pytest.approx([15.5 / 40.5 / (20.5 / 100.5), low, high])


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.floats(0.05, 8))
def test_intervals_hold_their_estimate_and_are_numbers(k: int, n: int, j: int, m: int, effect: float) -> None:
    a, b, c, d = (np.array([float(v)]) for v in (min(k, n), n, min(j, m), m))
    for centre, low, high in (f(a, b, c, d, np.array([effect])) for f in (stratified.difference, stratified.ratio)):
        assert np.isfinite([centre[0], low[0], high[0]]).all()
        assert low[0] <= centre[0] + 1e-12
        assert centre[0] <= high[0] + 1e-12


def test_chance_alone_within_questions_that_differ() -> None:
    """One answer inside, five outside, questions of very different difficulty: the nominal rate."""
    random = np.random.default_rng(2)
    p_values = []
    for _ in range(600):
        p = random.beta(0.4, 0.8, size=(150, 1))
        shown = (random.random((150, 6)) < p).astype(float)
        inside, outside = shown[:, 0], shown[:, 1:].sum(axis=1)
        tables = np.stack([np.stack([inside, 1 - inside], 1), np.stack([outside, 5 - outside], 1)], 1)
        p_values.append(stratified.stratified_p_value(strata_of(tables), ONE)[0])
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.08


def test_answers_repeated_many_times_do_not_count_as_many() -> None:
    """Ten epochs a question and model, each model with its own whim for each question: no common difference."""
    random = np.random.default_rng(3)
    plain, given_whims = [], []
    for _ in range(300):
        p = 1 / (1 + np.exp(-random.normal(0, 1.5, size=(40, 2))))
        inside, outside = random.binomial(10, p).T.astype(float)
        strata = strata_of(np.stack([np.stack([inside, 10 - inside], 1), np.stack([outside, 10 - outside], 1)], 1))
        effect = stratified.repeated_measures_effect(strata, common_effect=False)
        plain.append(stratified.stratified_p_value(strata, ONE)[0])
        given_whims.append(stratified.stratified_p_value(strata, effect)[0])
    assert np.mean(np.array(plain) < 0.05) > 0.3
    assert np.mean(np.array(given_whims) < 0.05) < 0.09


def test_an_interval_of_repeated_answers_is_not_widened_by_the_effect_they_share() -> None:
    """Forty questions, ten answers a side, every one with the same difference: nothing scatters around it."""
    strata = strata_of(np.tile([[[8.0, 2.0], [3.0, 7.0]]], (40, 1, 1)))
    assert stratified.repeated_measures_effect(strata, common_effect=True)[0] == 1
    assert stratified.repeated_measures_effect(strata, common_effect=False)[0] > 2


def test_what_tells_groups_apart_is_the_area_under_the_curve() -> None:
    random = np.random.default_rng(1)
    is_in = random.random(200) < 0.3
    score = random.integers(0, 20, 200) + 4.0 * is_in
    area = roc_auc_score(is_in, score)
    assert stratified.separation_auc(score, is_in) == pytest.approx(area)
    assert stratified.separation_auc(-score, is_in) == pytest.approx(area)
    assert stratified.separation_auc(score, np.ones(200, bool)) is None
    category = np.array([0, 0, 1, 1])
    assert stratified.category_share(category, np.array([True, False, True, True])).tolist() == [0.5, 0.5, 1, 1]
