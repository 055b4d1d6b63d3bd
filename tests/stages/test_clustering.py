"""What a clustering promises: planted themes come apart, nothing is lost, the same input gives the same answer."""

from typing import Any

import numpy as np
import pytest

from featdisc_assets.stages import cluster_ids, clustering

KNOBS: dict[str, Any] = {"target_features_per_cluster": 0, "min_similarity": -1.0, "remove_components": 0, "seed": 0}


def themes(sizes: list[int], *, noise: float = 0.05, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around random directions, and the theme of each."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(len(sizes), 64))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    vectors = centres[truth] + noise * random.normal(size=(len(truth), 64)) * 8
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), truth


def test_planted_themes_of_uneven_size_come_apart() -> None:
    vectors, truth = themes([400, 60, 12, 8])
    found = clustering.cluster(vectors, **KNOBS | {"target_features_per_cluster": 120})
    for theme in range(4):
        assert len(set(found.labels[truth == theme])) == 1
    assert len(set(found.labels)) == 4


def test_over_clustering_path_keeps_small_themes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "EXACT_UP_TO", 100)
    vectors, truth = themes([400, 60, 12, 8])
    found = clustering.cluster(vectors, **KNOBS | {"target_features_per_cluster": 40})
    for theme in range(4):
        labels = set(found.labels[truth == theme])
        assert all(set(truth[found.labels == label]) == {theme} for label in labels)


def test_debias_takes_out_what_all_vectors_share() -> None:
    vectors, truth = themes([40] * 30)
    shared = np.random.default_rng(2).normal(size=64)
    tilted = vectors + 3 * shared / np.linalg.norm(shared)
    space = clustering.debias(tilted.astype(np.float32), remove_components=5)
    np.testing.assert_allclose(np.linalg.norm(space, axis=1), 1, atol=1e-5)
    cosines = space @ space.T
    assert abs(cosines[truth[:, None] != truth].mean()) < 0.06
    assert cosines[truth[:, None] == truth].mean() > 0.5


def test_the_same_input_gives_the_same_answer() -> None:
    vectors, _ = themes([300, 200, 50])
    first, second = (clustering.cluster(vectors, **KNOBS) for _ in range(2))
    assert first.labels.tobytes() == second.labels.tobytes()
    assert first.centroids.tobytes() == second.centroids.tobytes()


def test_a_vector_far_from_every_centre_stays_unassigned() -> None:
    vectors, _ = themes([100, 100])
    stranger = -(vectors[0] + vectors[150])[None] / np.linalg.norm(vectors[0] + vectors[150])
    found = clustering.cluster(
        np.vstack([vectors, stranger]).astype(np.float32),
        **KNOBS | {"target_features_per_cluster": 100, "min_similarity": 0.5},
    )
    assert found.labels[-1] == -1
    assert (found.labels[:-1] >= 0).all()


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_vectors(n: int) -> None:
    vectors, _ = themes([5])
    found = clustering.cluster(vectors[:n], **KNOBS)
    assert len(found.labels) == n
    assert len(found.centroids) == len(set(found.labels))


def test_equal_vectors_share_one_cluster() -> None:
    vectors = np.repeat(themes([1])[0], 20, axis=0)
    found = clustering.cluster(vectors, **KNOBS | {"target_features_per_cluster": 10})
    assert set(found.labels) == {0}
    assert np.isfinite(found.centroids).all()


@pytest.mark.parametrize(("n", "size"), [(0, 2), (10, 2), (300, 3), (25_000, 26), (1_500_000, 204)])
def test_automatic_granularity(n: int, size: int) -> None:
    assert clustering.features_per_cluster(n) == size


def test_nearest_agrees_with_the_whole_product() -> None:
    vectors, _ = themes([30, 30, 30])
    labels, similarity = clustering.nearest(vectors, vectors[::10], block=7)
    whole = vectors @ vectors[::10].T
    assert (labels == whole.argmax(axis=1)).all()
    np.testing.assert_allclose(similarity, whole.max(axis=1), atol=1e-6)


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
