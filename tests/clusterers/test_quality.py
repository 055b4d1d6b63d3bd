"""What the audit sees: words and phrases, wording of clusters, swallowed phrases, clusters that are found again."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from featdisc_assets.clusterers.quality import stability, swallowed, terms, wording
from featdisc_assets.clusterers.space import Frame, Space

LIMITS = {"max_f1": 0.5, "max_visibility": 0.4, "max_host": 0.8, "min_cohesion": 0.8}
DEGENERATE = [
    [],
    ["One"],
    ["Same"] * 5,
    ["", "?!", "…", "—", " "],
    ["使用中文回答", "中文", "回答問題", "ответ", "Ответ"],
]


def words(*texts: str) -> wording.Words:
    return wording.words_of(pa.array(texts, pa.string()))


def phrases(*texts: str, at_least: int = 2, at_most: int = 99) -> dict[str, list[int]]:
    found = wording.phrases_of(words(*texts), at_least=at_least, at_most=at_most)
    columns = found.members.tocsc()
    return {name: sorted(columns[:, [i]].indices.tolist()) for i, name in enumerate(found.shown)}


def test_endings_fold_and_denials_stay_what_they_are() -> None:
    found = words("Flatters users", "flattering", "flattery", "Notes this", "Not noting", "flatters")
    assert len({found.word[i] for i in np.flatnonzero(np.isin(found.row, [1, 2, 5]))}) == 1
    assert found.shown[found.word[0]] == "flatters"
    assert not found.bare[found.shown.index("not")]
    assert found.grammar[found.shown.index("this")]
    assert found.bare[found.shown.index("users")]


def test_runs_are_found_within_a_feature_and_over_words_of_grammar() -> None:
    assert phrases("Mentions the word limit", "A limit of words", "Respects the word limit") == {
        "word": [0, 1, 2],
        "limit": [0, 1, 2],
        "word limit": [0, 2],
    }


def test_of_nested_runs_the_longer_stays_where_it_stands_in_the_same_features() -> None:
    assert phrases("red green blue", "red green blue", "red sky", "red wall") == {
        "red": [0, 1, 2, 3],
        "red green blue": [0, 1],
    }


def test_what_too_few_or_too_many_hold_is_no_phrase() -> None:
    texts = ["tax law", "tax law", "tax form", "sea"]
    assert phrases(*texts, at_least=3) == {"tax": [0, 1, 2]}
    assert phrases(*texts, at_most=2) == {"tax law": [0, 1]}
    assert phrases("again again again", "again") == {"again": [0, 1]}


@pytest.mark.parametrize("texts", DEGENERATE)
def test_nothing_much_gives_nothing_much(texts: list[str]) -> None:
    found = words(*texts)
    labels, k = np.arange(len(texts)) % 2, min(len(texts), 2)
    held = wording.table(found)
    assert held.shape == (len(texts), len(found.shown))
    assert set(np.unique(held.data)) <= {1.0}
    repeated = wording.phrases_of(found, at_least=2, at_most=99)
    space = plain(np.ones((len(texts), 3), np.float32))
    spread = swallowed.families(repeated.members, held, labels, space)
    assert len(swallowed.swallowed(spread, repeated.members, **LIMITS)) == 0
    assert len(terms.distinctive(held, labels, k).term) == 0
    within, beyond = terms.coherence(held, labels, k)
    assert len(within) == len(beyond) == k


def test_non_latin_phrases_come_back_too() -> None:
    assert "中 文" in phrases("使用中文回答", "中文", "回答")
    assert phrases("Отказ отвечать", "отказ отвечать прямо") == {"отказ отвечать": [0, 1]}


WORDY = ("red apple", "red pear", "red plum", "blue sea", "blue sky", "deep sea")


def test_own_words_are_those_the_others_lack() -> None:
    found = words(*WORDY, "red grape", "blue eye", "green")
    own = terms.distinctive(wording.table(found), np.array([0, 0, 0, 1, 1, 1, 0, 1, -1]), 2)
    said = [(int(c), found.shown[t]) for c, t in zip(own.cluster, own.term, strict=True)]
    assert said[0] == (0, "red")
    assert {word for cluster, word in said if cluster == 1} <= {"blue", "sea"}


def test_shared_words_and_their_share() -> None:
    own = terms.Terms(np.array([0, 0, 0, 1, 1, 2]), np.array([3, 5, 7, 5, 7, 1]))
    assert terms.shared(own, np.array([1, 0, -1])).tolist() == [False, True, True, True, True, False]
    np.testing.assert_equal(terms.overlap(own, np.array([1, 2, -1])), [1.0, 0.0, np.nan])


def test_coherence_in_words_from_sums_is_the_mean_over_pairs() -> None:
    texts, labels = [*WORDY, "…"], np.array([0, 0, 0, 1, 1, 1, 1])
    held = wording.table(words(*texts))
    count = np.asarray(held.sum(axis=0)).ravel()
    dense = held.toarray() * (1 + np.log((1 + len(texts)) / (1 + count)))
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    unit = np.divide(dense, length, out=np.zeros_like(dense), where=length > 0)
    cosine = unit @ unit.T
    within, beyond = terms.coherence(held, labels, 3)
    for c in (0, 1):
        inside = labels == c
        pairs = ~np.eye(inside.sum(), dtype=bool)
        assert within[c] == pytest.approx(cosine[np.ix_(inside, inside)][pairs].mean())
        assert beyond[c] == pytest.approx(cosine[np.ix_(inside, ~inside)].mean())
    assert np.isnan(within[2])
    assert np.isnan(beyond[2])


def plain(vectors: np.ndarray) -> Space:
    return Space(vectors, Frame(np.zeros(vectors.shape[1], np.float32), np.zeros((vectors.shape[1], 0), np.float32)))


def planted(scattered: bool) -> list[str]:
    """Three clusters of mixed features and one of cats; six limericks stand among the mixed, or make up a cluster."""
    mixed = [f"alpha{i} beta{i}" for i in range(36)]
    cats = [f"cat number{i}" for i in range(8)]
    limericks = [f"limerick gamma{i}" for i in range(6)]
    texts = [*mixed, *cats, *limericks]
    labels = [i % 3 for i in range(36)] + [3] * 8 + ([0, 0, 1, 1, 2, 2] if scattered else [4] * 6)
    random = np.random.default_rng(0)
    vectors = random.normal(size=(50, 32))
    vectors[36:44] += 40 * random.normal(size=32)
    vectors[44:] += 40 * random.normal(size=32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = words(*texts)
    repeated = wording.phrases_of(found, at_least=5, at_most=49)
    spread = swallowed.families(
        repeated.members, wording.table(found), np.array(labels), plain(vectors.astype(np.float32))
    )
    at = repeated.shown.index("limerick")
    assert spread.n_features[at] == 6
    assert spread.n_clusters[at] == (3 if scattered else 1)
    assert spread.best_share[at] == pytest.approx(1 / 3 if scattered else 1)
    return [repeated.shown[i] for i in swallowed.swallowed(spread, repeated.members, **LIMITS)]


def test_a_family_scattered_over_three_clusters_is_found_and_one_that_owns_a_cluster_is_not() -> None:
    assert planted(scattered=True) == ["limerick"]
    assert planted(scattered=False) == []


def test_of_phrases_with_the_same_features_the_larger_is_told() -> None:
    members = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]], np.float32)
    found: Any = swallowed.Families(
        n_features=np.array([3, 2, 2]),
        n_clusters=np.array([2, 2, 2]),
        best=np.array([0, 0, 0]),
        best_share=np.full(3, 0.5),
        best_f1=np.full(3, 0.1),
        minority_share=np.ones(3),
        visibility=np.zeros(3),
        cohesion=np.ones(3),
        host_cohesion=np.zeros(3),
    )
    from scipy.sparse import csr_matrix

    assert swallowed.swallowed(found, csr_matrix(members), **LIMITS).tolist() == [0, 2]


def test_the_same_clusters_are_wholly_stable_and_random_ones_are_not() -> None:
    labels = np.repeat(np.arange(20), 10)
    renamed = np.random.default_rng(0).permutation(20)[labels]
    assert stability.jaccard(labels, renamed, 20).tolist() == [1.0] * 20
    assert stability.adjusted_rand(labels, renamed) == 1
    shuffled = np.random.default_rng(0).permutation(labels)
    assert np.mean(stability.jaccard(labels, shuffled, 20)) < 0.3
    assert stability.adjusted_rand(labels, shuffled) == pytest.approx(0, abs=0.05)


def test_jaccard_counts_members_that_a_refit_left_out_and_strangers_it_took_in() -> None:
    found = stability.jaccard(np.array([0, 0, 0, 0, 1, -1]), np.array([5, 5, 5, -1, 2, 5]), 3)
    np.testing.assert_equal(found, [3 / 5, np.nan, np.nan])
    assert stability.mean_over_repeats([found, found], 3)[0] == pytest.approx(0.6)
    assert np.isnan(stability.mean_over_repeats([], 3)).all()
    assert stability.adjusted_rand(np.array([-1, 0]), np.array([0, -1])) is None


@pytest.mark.parametrize(
    ("n", "k", "share", "at_most", "size", "each"),
    [(1_000, 100, 0.7, 6_000, 700, 7), (330, 110, 0.7, 6_000, 220, 2), (100_000, 1_900, 0.7, 6_000, 22_800, 12),
     (1, 1, 0.7, 6_000, 1, 2), (5, 2, 0.7, 6_000, 4, 2)],
)  # fmt: skip
def test_a_draw_is_bounded_and_gives_as_many_clusters(
    n: int, k: int, share: float, at_most: int, size: int, each: int
) -> None:
    one, same, other = (
        stability.draw(n, k, share=share, at_most=at_most, seed=0, repeat=repeat) for repeat in (0, 0, 1)
    )
    assert len(one.rows) == size == len(set(one.rows.tolist()))
    assert one.features_per_cluster == each
    assert one.rows.tolist() == same.rows.tolist()
    if n > 100:
        assert one.rows.tolist() != other.rows.tolist()
