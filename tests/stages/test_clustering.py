"""What a clustering promises: planted themes come apart, nothing is lost, the same input gives the same answer."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from featdisc_assets.clusterers import CLUSTERERS, nearest_others, polarity, twins, two_level
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Frame, Labels, Space, fit_frame, nearest, sums_of
from featdisc_assets.stages import cluster_ids, clustering

KNOBS: dict[str, Any] = {
    "method": "auto",
    "target_features_per_cluster": 0,
    "min_similarity": -1.0,
    "remove_components": 0,
    "seed": 0,
}


def themes(sizes: list[int], *, noise: float = 0.05, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around random directions, and the theme of each."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(len(sizes), 64))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    vectors = centres[truth] + noise * random.normal(size=(len(truth), 64)) * 8
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), truth


def fit(vectors: np.ndarray, **knobs: Any) -> clustering.Clustering:  # noqa: ANN401
    return clustering.fit(Points.unsigned(vectors), **KNOBS | knobs)


def plain(vectors: np.ndarray) -> Space:
    width = vectors.shape[1]
    return Space(vectors, Frame(np.zeros(width, np.float32), np.zeros((width, 0), np.float32)))


@pytest.mark.parametrize("method", ["auto", "two_level"])
def test_planted_themes_of_uneven_size_come_apart(method: str) -> None:
    vectors, truth = themes([400, 60, 12, 8])
    found = fit(vectors, method=method, target_features_per_cluster=120)
    for theme in range(4):
        assert len(set(found.labels[truth == theme])) == 1
    assert len(set(found.labels)) == 4


def test_leiden_never_mixes_themes_larger_than_a_neighbourhood() -> None:
    vectors, truth = themes([400, 60, 40, 30])
    found = fit(vectors, method="leiden", target_features_per_cluster=20)
    assert all(len(set(truth[found.labels == label])) == 1 for label in set(found.labels))


def test_neighbours_searched_in_cells_are_nearly_those_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = themes([60] * 40, noise=0.15)
    exact, _ = nearest_others.nearest_others(vectors, count=15)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    assert (np.sort(exact) == np.sort(np.argsort(-cosines)[:, :15])).mean() > 0.999
    monkeypatch.setattr(nearest_others, "EXACT_UP_TO", 1_000)
    found, similarity = nearest_others.nearest_others(vectors, count=15)
    kept = [len(np.intersect1d(a, b)) / 15 for a, b in zip(exact, found, strict=True)]
    assert np.mean(kept) > 0.95
    assert found.tobytes() == nearest_others.nearest_others(vectors, count=15)[0].tobytes()
    np.testing.assert_allclose(similarity[0], vectors[found[0]] @ vectors[0], atol=1e-5)


def test_a_point_is_never_its_own_neighbour_even_among_equals() -> None:
    vectors = np.repeat(themes([2])[0], 30, axis=0)
    others, _ = nearest_others.nearest_others(vectors, count=15)
    assert (others != np.arange(60)[:, None]).all()


def test_neighbours_are_computed_with_the_kernels_that_numpy_found() -> None:
    # A process of its own: faiss reads the environment once, as it is loaded.
    script = (
        "import os, numpy as np\n"
        "from threadpoolctl import threadpool_info\n"
        "from featdisc_assets.clusterers.nearest_others import _KERNELS, nearest_others\n"
        "nearest_others(np.eye(4, dtype=np.float32), count=2)\n"
        "pools = [pool for pool in threadpool_info() if pool['internal_api'] == 'openblas']\n"
        "first, faiss = pools[0], next(pool for pool in pools if 'faiss' in pool['filepath'])\n"
        "print(faiss['architecture'], _KERNELS.get(first['architecture'], faiss['architecture']))\n"
        "print('OPENBLAS_CORETYPE' in os.environ)\n"
    )
    unset = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    done = subprocess.run([sys.executable, "-c", script], env=unset, capture_output=True, text=True, check=True)
    kernels, still_set = done.stdout.splitlines()
    assert len(set(kernels.split())) == 1
    assert still_set == "False"


@pytest.mark.parametrize("wanted", [20, 60, 150])
def test_leiden_makes_the_wanted_number(wanted: int) -> None:
    vectors, _ = themes([30] * 60, noise=0.15)
    labels = CLUSTERERS["leiden"](plain(vectors), n_clusters=wanted, seed=0)
    assert wanted * 0.95 <= len(set(labels)) <= wanted


@pytest.mark.parametrize(
    ("n", "method"), [(0, "two_level"), (6_000, "two_level"), (6_001, "leiden"), (1_500_000, "two_level")]
)
def test_auto_is_what_does_best_at_that_size(n: int, method: str) -> None:
    assert clustering.method_for("auto", n) == method
    assert clustering.method_for("kmeans", n) == "kmeans"


def test_a_sample_is_clustered_by_the_method_of_what_it_was_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def spy(space: Space, *, n_clusters: int, seed: int) -> Labels:
        asked.append(n_clusters)
        return two_level.cluster(space, n_clusters=n_clusters, seed=seed)

    monkeypatch.setitem(CLUSTERERS, "leiden", spy)
    vectors, _ = themes([100, 100])
    fit(vectors)
    assert asked == []
    fit(vectors, drawn_from=7_000)
    assert asked == [100]


def test_over_clustering_keeps_small_themes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_level, "EXACT_UP_TO", 100)
    vectors, truth = themes([400, 60, 12, 8])
    found = fit(vectors, method="two_level", target_features_per_cluster=40)
    for theme in range(4):
        labels = set(found.labels[truth == theme])
        assert all(set(truth[found.labels == label]) == {theme} for label in labels)


def test_the_frame_takes_out_what_all_vectors_share() -> None:
    vectors, truth = themes([40] * 30)
    shared = np.random.default_rng(2).normal(size=64)
    tilted = (vectors + 3 * shared / np.linalg.norm(shared)).astype(np.float32)
    space = fit_frame(tilted, remove_components=5).apply(tilted)
    np.testing.assert_allclose(np.linalg.norm(space, axis=1), 1, atol=1e-5)
    cosines = space @ space.T
    assert abs(cosines[truth[:, None] != truth].mean()) < 0.06
    assert cosines[truth[:, None] == truth].mean() > 0.5


@pytest.mark.parametrize("method", sorted(CLUSTERERS))
def test_the_same_input_gives_the_same_answer(method: str) -> None:
    vectors, _ = themes([300, 200, 50])
    first, second = (fit(vectors, method=method) for _ in range(2))
    assert first.labels.tobytes() == second.labels.tobytes()
    assert first.centroids.tobytes() == second.centroids.tobytes()


def test_a_vector_far_from_every_centre_stays_unassigned() -> None:
    vectors, _ = themes([100, 100])
    stranger = -(vectors[0] + vectors[150])[None] / np.linalg.norm(vectors[0] + vectors[150])
    found = fit(np.vstack([vectors, stranger]).astype(np.float32), target_features_per_cluster=100, min_similarity=0.5)
    assert found.labels[-1] == -1
    assert (found.labels[:-1] >= 0).all()


@pytest.mark.parametrize("method", sorted(CLUSTERERS))
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_vectors(n: int, method: str) -> None:
    vectors, _ = themes([5])
    found = fit(vectors[:n], method=method)
    assert len(found.labels) == n
    assert len(found.centroids) == len(set(found.labels[found.labels >= 0]))


@pytest.mark.parametrize("method", ["leiden", "two_level", "kmeans"])
def test_equal_vectors_share_one_cluster_or_more_but_none_is_lost(method: str) -> None:
    vectors = np.repeat(themes([1])[0], 20, axis=0)
    found = fit(vectors, method=method, target_features_per_cluster=20)
    assert set(found.labels) == {0}
    assert np.isfinite(found.centroids).all()


@pytest.mark.parametrize(("n", "size"), [(0, 2), (10, 2), (300, 3), (25_000, 26), (1_500_000, 204)])
def test_automatic_granularity(n: int, size: int) -> None:
    assert clustering.features_per_cluster(n) == size


def test_nearest_agrees_with_the_whole_product() -> None:
    vectors, _ = themes([30, 30, 30])
    labels, similarity = nearest(plain(vectors), vectors[::10], block=7)
    whole = vectors @ vectors[::10].T
    assert (labels == whole.argmax(axis=1)).all()
    np.testing.assert_allclose(similarity, whole.max(axis=1), atol=1e-6)


class TestTwins:
    def test_likeness_of_two_halves_of_a_theme_is_one_whatever_their_sizes(self) -> None:
        vectors, _ = themes([300, 300], noise=0.1)
        labels = np.repeat([0, 1, 2], [290, 10, 300])
        sums = sums_of(plain(vectors), labels, 3)
        found = twins.similarities(sums, np.bincount(labels))
        assert found[0, 1] == pytest.approx(1, abs=0.1)
        assert found[0, 2] < 0.3

    def test_halves_are_merged_first(self) -> None:
        vectors, truth = themes([60, 60, 60], noise=0.1)
        labels = np.arange(180) // 30
        merged = twins.merge(
            plain(vectors), labels, senses=np.zeros(180, np.int8), signs=np.zeros((180, 0), np.int8), n_clusters=3
        )
        assert all(len(set(merged[truth == theme])) == 1 for theme in range(3))
        assert len(set(merged)) == 3

    def test_contraries_are_no_twins(self) -> None:
        vectors, _ = themes([40, 40], noise=0.1)
        # A theme in halves, long and short, and another in halves of no stance.
        labels, sums = np.arange(80) // 20, sums_of(plain(vectors), np.arange(80) // 20, 4)
        signs = np.zeros((80, 1), np.int8)
        signs[:18], signs[20:38], signs[79] = 1, -1, 1
        same = np.zeros(80, np.int8)
        other, likeness = twins.nearest_twin(sums, labels, senses=same, signs=signs)
        assert likeness[0] < 0.3
        assert likeness[1] < 0.3
        assert other[2:].tolist() == [3, 2]
        assert likeness[2] > 0.9
        denying = np.repeat([0, 1, 0, 1], 20).astype(np.int8)
        _, likeness = twins.nearest_twin(sums, labels, senses=denying, signs=np.zeros((80, 0), np.int8))
        assert (likeness < 0.3).all()

    def test_two_senses_are_never_merged(self) -> None:
        vectors, _ = themes([60])
        senses = np.repeat([0, 1], 30).astype(np.int8)
        merged = twins.merge(
            plain(vectors), np.arange(60) // 15, senses=senses, signs=np.zeros((60, 0), np.int8), n_clusters=1
        )
        assert len(set(merged)) == 2


class TestPolarity:
    @pytest.mark.parametrize(
        ("text", "sense"),
        [
            ("Flatters the user", polarity.PRESENT),
            ("Avoids flattering the user", polarity.ABSENT),
            ("Response does not use markdown", polarity.ABSENT),
            ("No emoji", polarity.ABSENT),
            ("Refuses to write malware", polarity.REFUSED),
            ("Will not assist with fraud", polarity.REFUSED),
            ("Not only lists but explains", polarity.PRESENT),
            ("Explains loops without being asked", polarity.PRESENT),
            ("Long answer that in the end does not use lists", polarity.PRESENT),
            ("Ohne Emojis", polarity.ABSENT),
            ("使用中文回答", polarity.PRESENT),
            ("", polarity.PRESENT),
        ],
    )
    def test_sense(self, text: str, sense: int) -> None:
        assert polarity.senses([text]).tolist() == [sense]

    def test_contraries_have_opposite_signs_on_one_axis(self) -> None:
        formal, informal, both, neither, aside = polarity.stances(
            [
                "Formal tone",
                "Informal tone",
                "Formal then informal",
                "Writes in French",
                "Tells of yoga in a casual way",
            ]
        )
        assert (formal * informal).sum() == -1
        assert not both.any()
        assert not neither.any()
        assert not aside.any()

    def test_opposites_never_share_a_cluster(self) -> None:
        vectors, _ = themes([40, 40])
        texts = ["Formal tone", "Casual tone", "Uses lists", "Uses no lists"] * 20
        points = Points.of(vectors, texts)
        found = clustering.fit(points, **KNOBS | {"target_features_per_cluster": 40})
        labels = found.labels.reshape(20, 4)
        assert not set(labels[:, 0]) & set(labels[:, 1])
        assert not set(labels[:, 2]) & set(labels[:, 3])


class TestRefit:
    """What happens to clusters when features come in."""

    def earlier(self) -> tuple[np.ndarray, np.ndarray, clustering.Clustering]:
        vectors, truth = themes([120, 60, 30, 30])
        order = np.random.default_rng(0).permutation(len(vectors))
        vectors, truth = vectors[order], truth[order]
        return vectors, truth, fit(vectors[:200], target_features_per_cluster=40)

    def test_nothing_new_changes_nothing(self) -> None:
        vectors, _, old = self.earlier()
        again = clustering.refit(Points.unsigned(vectors[:200]), old.labels, old.frame, **KNOBS)
        assert again.labels.tobytes() == old.labels.tobytes()

    def test_old_features_stay_and_new_ones_join(self) -> None:
        vectors, truth, old = self.earlier()
        known = np.concatenate([old.labels, np.full(40, -2)])
        again = clustering.refit(
            Points.unsigned(vectors), known, old.frame, **KNOBS | {"target_features_per_cluster": 40}
        )
        assert (again.labels[:200] == old.labels).all()
        assert (again.labels[200:] >= 0).all()
        joined = again.labels[200:] <= old.labels.max()
        assert all(
            truth[200 + row] in truth[:200][old.labels == again.labels[200 + row]] for row in np.flatnonzero(joined)
        )

    def test_a_new_theme_gets_a_cluster_of_its_own(self) -> None:
        vectors, _, old = self.earlier()
        fresh, _ = themes([30], seed=9)
        known = np.concatenate([old.labels, np.full(30, -2)])
        knobs = KNOBS | {"target_features_per_cluster": 20}
        again = clustering.refit(Points.unsigned(np.vstack([vectors[:200], fresh])), known, old.frame, **knobs)
        assert set(again.labels[200:]) - set(old.labels)
        assigned = clustering.assign(
            Points.unsigned(np.vstack([vectors[:200], fresh])), known, old.frame, min_similarity=0.6
        )
        assert set(assigned.labels[200:]) == {-1}
        assert (assigned.labels[:200] == old.labels).all()


class TestIds:
    ids = ("a", "b", "c", "d", "e", "f")

    def test_minted_from_members_alone(self) -> None:
        one = cluster_ids.name_clusters(self.ids, np.array([0, 0, 1, 1, -1, 1]), kind="user", previous={})
        other = cluster_ids.name_clusters(self.ids[::-1], np.array([0, -1, 0, 0, 1, 1]), kind="user", previous={})
        assert one == other[::-1]
        assert all(name.startswith("user-") for name in one)

    def test_kept_while_most_members_stay(self) -> None:
        previous: dict[str, str | None] = {**dict.fromkeys("abc", "old-1"), **dict.fromkeys("de", "old-2")}
        names = cluster_ids.name_clusters(self.ids, np.array([0, 0, 1, 1, 1, 1]), kind="user", previous=previous)
        assert names == ["old-1", "old-2"]

    def test_a_split_in_halves_keeps_the_id_nowhere(self) -> None:
        previous: dict[str, str | None] = dict.fromkeys("abcd", "old")
        names = cluster_ids.name_clusters(self.ids[:4], np.array([0, 0, 1, 1]), kind="user", previous=previous)
        assert "old" not in names
        assert len(set(names)) == 2

    def test_features_gone_since_do_not_count(self) -> None:
        previous: dict[str, str | None] = dict.fromkeys("abxyz", "old")
        assert cluster_ids.name_clusters(self.ids[:2], np.array([0, 0]), kind="user", previous=previous) == ["old"]

    @pytest.mark.parametrize(
        ("now", "events"),
        [
            ({"a": "A", "b": "A", "c": "B", "d": "B"}, {("kept", "A", "A"), ("kept", "B", "B")}),
            ({"a": "X", "b": "Y", "c": "B", "d": "B"}, {("split", "X", "A"), ("split", "Y", "A"), ("kept", "B", "B")}),
            ({"a": "Z", "b": "Z", "c": "Z", "d": "Z"}, {("merged", "Z", "A"), ("merged", "Z", "B")}),
            ({"a": "A", "b": "A", "e": "N"}, {("kept", "A", "A"), ("born", "N", None), ("died", None, "B")}),
        ],
        ids=["kept", "split", "merged", "born and died"],
    )
    def test_lineage(self, now: dict[str, str | None], events: set[tuple[str, str | None, str | None]]) -> None:
        earlier: dict[str, str | None] = {"a": "A", "b": "A", "c": "B", "d": "B"}
        found = cluster_ids.lineage(now, earlier)
        assert {(line.event, line.cluster_id, line.earlier_id) for line in found} == events
