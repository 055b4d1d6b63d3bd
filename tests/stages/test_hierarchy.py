"""Two coarser levels over clusters: nested, the same each time, and no level where there is little to browse."""

import numpy as np
import pytest

from featdisc_assets.clusterers.space import Labels, Vectors
from featdisc_assets.stages import cluster_ids, hierarchy
from featdisc_assets.stages.hierarchy import Hierarchy

KNOBS = {"clusters_per_theme": 12, "most_areas": 30, "at_a_glance": 15}


def unit(matrix: np.ndarray) -> Vectors:
    scaled: Vectors = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def planted(n_areas: int, themes_an_area: int, clusters_a_theme: int) -> tuple[Vectors, Labels, Labels]:
    """Centroids around themes around areas, and the theme and area of each."""
    random = np.random.default_rng(0)
    areas = 2 * random.normal(size=(n_areas, 64))
    themes = np.repeat(areas, themes_an_area, axis=0) + random.normal(size=(n_areas * themes_an_area, 64))
    theme_of = np.repeat(np.arange(len(themes)), clusters_a_theme)
    centroids = themes[theme_of] + 0.3 * random.normal(size=(len(theme_of), 64))
    return unit(centroids), theme_of, theme_of // themes_an_area


def same_parts(found: Labels, truth: Labels) -> bool:
    """Whether two partitions are one."""
    pairs = set(zip(found.tolist(), truth.tolist(), strict=True))
    return len(pairs) == len(set(found.tolist())) == len(set(truth.tolist()))


def shape(found: Hierarchy) -> tuple[int, int]:
    return int(found.themes.max(initial=-1)) + 1, int(found.areas.max(initial=-1)) + 1


def test_planted_themes_and_areas_are_found() -> None:
    centroids, themes, areas = planted(4, 4, 16)
    found = hierarchy.arrange(centroids, **KNOBS | {"clusters_per_theme": 16})
    assert same_parts(found.themes, themes)
    assert same_parts(found.areas, areas)


@pytest.mark.parametrize(
    ("k", "themes", "areas"), [(0, 0, 0), (1, 0, 0), (2, 0, 0), (5, 0, 0), (14, 0, 0), (15, 4, 0), (110, 10, 0)]
)
def test_few_clusters_need_no_levels(k: int, themes: int, areas: int) -> None:
    centroids = unit(np.random.default_rng(1).normal(size=(k, 8))) if k else np.zeros((0, 0), np.float32)
    found = hierarchy.arrange(centroids, **KNOBS)
    assert shape(found) == (themes, areas)
    assert len(found.themes) == len(found.areas) == k
    assert hierarchy.parent_centres(centroids, found.themes).shape == (themes, centroids.shape[1])


def test_seven_thousand_clusters_are_nested_and_the_same_again() -> None:
    centroids = unit(np.random.default_rng(2).normal(size=(7_000, 32)))
    found, again = (hierarchy.arrange(centroids, **KNOBS) for _ in range(2))
    assert shape(found) == (583, 24)
    assert len(set(zip(found.themes.tolist(), found.areas.tolist(), strict=True))) == 583
    assert np.array_equal(found.themes, again.themes)
    assert np.array_equal(found.areas, again.areas)


def test_there_are_no_more_areas_than_wanted() -> None:
    centroids = unit(np.random.default_rng(3).normal(size=(400, 16)))
    assert shape(hierarchy.arrange(centroids, **KNOBS | {"most_areas": 3})) == (33, 3)


def test_equal_centroids_are_left_as_they_are() -> None:
    found = hierarchy.arrange(np.full((40, 4), 0.5, np.float32), **KNOBS)
    assert shape(found) == (0, 0)


def test_a_centre_counts_each_cluster_once_and_is_of_unit_length() -> None:
    centroids = np.array([[1, 0], [0, 1], [0, -1]], np.float32)
    centres = hierarchy.parent_centres(centroids, np.array([0, 0, 1]))
    assert centres == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, -1]]))


def test_parents_keep_their_ids_when_clusters_are_added() -> None:
    centroids, themes, _ = planted(4, 4, 16)
    names = [f"c{i:03d}" for i in range(len(centroids))]
    first = themes % 16 != 5  # one theme is not there yet, and three clusters of each other
    first &= np.arange(len(themes)) % 16 < 13
    known = np.flatnonzero(first)
    knobs = KNOBS | {"clusters_per_theme": 13}
    before = hierarchy.arrange(centroids[known], **knobs)
    old = cluster_ids.name_clusters(
        [names[i] for i in known], before.themes, kind="user-theme", previous=dict[str, str | None]()
    )
    earlier: dict[str, str | None] = {names[i]: old[theme] for i, theme in zip(known, before.themes, strict=True)}
    after = hierarchy.arrange(centroids, **KNOBS | {"clusters_per_theme": 16})
    new = cluster_ids.name_clusters(names, after.themes, kind="user-theme", previous=earlier)
    assert len(set(new)) == 16
    assert set(old) < set(new)
    assert all(name.startswith("user-theme-") for name in new)
