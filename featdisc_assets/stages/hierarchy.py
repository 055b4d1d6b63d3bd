"""Clusters into themes, and themes into areas: two coarser levels to browse thousands of clusters by."""

import math
from dataclasses import dataclass

import numpy as np

from featdisc_assets.clusterers.space import Frame, Labels, Space, Vectors, centres_of, dense, fit_frame
from featdisc_assets.clusterers.two_level import ward


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where each cluster stands; two clusters of one theme are always of one area.

    Attributes:
        themes: int64[k], the theme of each cluster, 0..t-1; -1 for all where there are too few clusters for themes.
        areas: int64[k], the area of each cluster, 0..a-1; -1 for all where there are too few themes for areas.
    """

    themes: Labels
    areas: Labels


def arrange(centroids: Vectors, *, clusters_per_theme: int, most_areas: int, at_a_glance: int) -> Hierarchy:
    """Two nested levels over the clusters of one kind, by Ward's criterion; the same centroids give the same levels.

    There are as many themes as clusters over `clusters_per_theme`, or the root of the clusters where that is more, and
    as many areas as the root of the themes, so that no level is much longer to read than the other: 10 themes of 110
    clusters, 79 themes in 9 areas of 950, 583 in 24 of 7,000. Sizes do not count: by weight, what is common would fill
    themes of its own, and all that is rare would share one.

    Args:
        centroids: float32[k, d], unit rows.
        clusters_per_theme: Wanted mean number of clusters in a theme.
        most_areas: The most areas there may be.
        at_a_glance: A level is put only over so many and more: fewer are read as they stand.
    """
    k = len(centroids)
    none = np.full(k, -1, np.int64)
    if k < at_a_glance:
        return Hierarchy(none, none)
    # What all clusters of a kind have in common says nothing of which belong together.
    framed = fit_frame(centroids, remove_components=0).apply(centroids)
    themes = _joined(framed, max(round(k / clusters_per_theme), round(math.sqrt(k))))
    n_themes = int(themes.max()) + 1
    if n_themes < 2:
        return Hierarchy(none, none)
    if n_themes < at_a_glance:
        return Hierarchy(themes, none)
    # Over the themes' centres, so that an area is of whole themes, and a theme of many clusters no nearer to others.
    areas = _joined(parent_centres(framed, themes), min(most_areas, round(math.sqrt(n_themes))))
    return Hierarchy(themes, areas[themes] if areas.max() > 0 else none)


def parent_centres(centroids: Vectors, parents: Labels) -> Vectors:
    """Unit mean of the centroids of each parent's clusters, each cluster counting once: float32[n_parents, d]."""
    width = centroids.shape[1] if centroids.ndim == 2 else 0
    plain = Frame(np.zeros(width, np.float32), np.zeros((width, 0), np.float32))
    return centres_of(Space(centroids, plain), parents, int(parents.max(initial=-1)) + 1)


def _joined(points: Vectors, wanted: int) -> Labels:
    """At most so many groups of points; equal points may leave fewer."""
    return dense(ward(points, n_clusters=wanted))
