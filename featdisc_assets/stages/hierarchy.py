"""Group clusters into themes, and themes into areas, to browse thousands of clusters."""

import math
from dataclasses import dataclass

import numpy as np

from featdisc_assets.clusterers.space import Frame, Labels, Space, Vectors, centres_of, dense, fit_frame
from featdisc_assets.clusterers.two_level import ward


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The theme and area of each cluster; clusters of one theme share an area.

    Attributes:
        themes: int64[k], the theme of each cluster, 0..t-1; -1 for all with too few clusters for themes.
        areas: int64[k], the area of each cluster, 0..a-1; -1 for all with too few themes for areas.
    """

    themes: Labels
    areas: Labels


def arrange(centroids: Vectors, *, clusters_per_theme: int, most_areas: int, at_a_glance: int) -> Hierarchy:
    """Two nested levels over the clusters of one kind, by Ward's criterion; the same centroids give the same levels.

    The number of themes is the number of clusters over `clusters_per_theme`, or its square root if that is more; the
    number of areas is the square root of the themes. So 110 clusters give 10 themes, 950 give 79 themes in 9 areas, and
    7,000 give 583 in 24. Clusters have equal weights; otherwise all rare clusters would share one theme.

    Args:
        centroids: float32[k, d], unit rows.
        clusters_per_theme: Wanted mean number of clusters in a theme.
        most_areas: The most areas there may be.
        at_a_glance: Fewest clusters or themes that get a level above them.
    """
    k = len(centroids)
    none = np.full(k, -1, np.int64)
    if k < at_a_glance:
        return Hierarchy(none, none)
    # The mean is common to all clusters, so it does not help to separate them.
    framed = fit_frame(centroids, remove_components=0).apply(centroids)
    themes = _joined(framed, max(round(k / clusters_per_theme), round(math.sqrt(k))))
    n_themes = int(themes.max()) + 1
    if n_themes < 2:
        return Hierarchy(none, none)
    if n_themes < at_a_glance:
        return Hierarchy(themes, none)
    # From the themes' centres, so that areas consist of whole themes, with equal weights.
    areas = _joined(parent_centres(framed, themes), min(most_areas, round(math.sqrt(n_themes))))
    return Hierarchy(themes, areas[themes] if areas.max() > 0 else none)


def parent_centres(centroids: Vectors, parents: Labels) -> Vectors:
    """float32[n_parents, d]: unit mean of the centroids of each parent's clusters, with equal weights."""
    width = centroids.shape[1] if centroids.ndim == 2 else 0
    plain = Frame(np.zeros(width, np.float32), np.zeros((width, 0), np.float32))
    return centres_of(Space(centroids, plain), parents, int(parents.max(initial=-1)) + 1)


def _joined(points: Vectors, wanted: int) -> Labels:
    """At most `wanted` groups of points; equal points may give fewer."""
    return dense(ward(points, n_clusters=wanted))
