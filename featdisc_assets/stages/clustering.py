"""Unit vectors to clusters worth reading: no swallowed themes, no twins, no two senses in one."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from featdisc_assets.clusterers import CLUSTERERS, twins
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.polarity import Signs
from featdisc_assets.clusterers.space import (
    Frame,
    Labels,
    Similarities,
    Space,
    Vectors,
    centres_of,
    dense,
    fit_frame,
    nearest,
)
from featdisc_assets.clusterers.two_level import EXACT_UP_TO

# `auto`: Ward's criterion over every feature where that is affordable, then communities, which on planted themes are
# found more surely and come again more often, until their graph takes too much memory.
LEIDEN_UP_TO = 400_000
# More clusters than wanted are made first; then the most alike are merged, which is what removes twins. At 1.3 up to
# three times as many of them are left; at 3 the seed decides too much.
OVER = 2.0
# How alike two clusters are is told by pairs of members: in clusters smaller than this there are too few.
MERGE_FROM = 8
# A refit starts from the clusters that exist unless this share of the features is new to them.
WARM_UP_TO_NEW = 0.4
# A new feature nearer to its cluster than this share of the old members are is explained by it.
EXPLAINED_ABOVE = 0.1


@dataclass(frozen=True, slots=True)
class Clustering:
    """What one clustering found.

    Attributes:
        labels: int64[n], a row of `centroids` for each vector, or -1 where a vector is far from all of them.
        similarity: float32[n], cosine to that cluster's centre in the frame (to the nearest one's for -1).
        centroids: float32[k, d], unit mean of the members' *original* vectors, for comparing clusters of two kinds.
        coherence: float64[k], mean `similarity` of the members.
        frame: In which it was found; later features are judged in the same.
    """

    labels: Labels
    similarity: Similarities
    centroids: Vectors
    coherence: npt.NDArray[np.float64]
    frame: Frame


def features_per_cluster(n: int) -> int:
    """The automatic granularity: a sixth of the root of n distinct features a cluster, at least 2.

    So there are some six times the root of n clusters: 100 of 300 features, 950 of 25,000, and 7,300 of the published
    study's 1.5 million a kind, which had about as many.
    """
    return max(2, round(math.sqrt(n) / 6))


def method_for(method: str, n: int) -> str:
    """The clusterer that a name stands for with n features: `auto` is the one that did best at that size."""
    if method != "auto":
        return method
    return "leiden" if EXACT_UP_TO < n <= LEIDEN_UP_TO else "two_level"


def fit(
    points: Points,
    *,
    method: str,
    target_features_per_cluster: int,
    min_similarity: float,
    remove_components: int,
    seed: int,
    drawn_from: int | None = None,
) -> Clustering:
    """Cluster distinct features, unweighted, from nothing.

    Args:
        points: Vectors and the way they point.
        method: A name of `CLUSTERERS`, or `auto`.
        target_features_per_cluster: Wanted mean size; 0 chooses it from n.
        min_similarity: Below this cosine to its centre a feature stays unassigned (label -1).
        remove_components: How many leading principal components are taken out before clustering.
        seed: Of whatever is drawn at random.
        drawn_from: Of how many features these are a sample, so that `auto` is what it is for those; None for none.
    """
    n = len(points.vectors)
    if n == 0:
        width = points.vectors.shape[1] if points.vectors.ndim == 2 else 0
        none = Frame(np.zeros(width, np.float32), np.zeros((width, 0), np.float32))
        return _describe(points, np.empty(0, np.int64), none)
    frame = fit_frame(points.vectors, remove_components=remove_components)
    labels = _find(
        points,
        frame,
        method=method,
        n_clusters=_wanted(n, target_features_per_cluster),
        seed=seed,
        share=n / (drawn_from or n),
    )
    return _describe(points, labels, frame, min_similarity=min_similarity)


def assign(points: Points, earlier: Labels, frame: Frame, *, min_similarity: float) -> Clustering:
    """Features new to a fit join its clusters, or none; the old ones stay where they are.

    Args:
        points: Old features and new ones.
        earlier: int64[n], the cluster of each old feature, -1 for one that had none, -2 for a new feature.
        frame: Of the fit.
        min_similarity: A new feature less similar than this to every centre stays unassigned.
    """
    labels, _ = _join(points, earlier, frame, min_similarity=min_similarity)
    return _describe(points, labels, frame)


def refit(
    points: Points,
    earlier: Labels,
    frame: Frame,
    *,
    method: str,
    target_features_per_cluster: int,
    min_similarity: float,
    remove_components: int,
    seed: int,
) -> Clustering:
    """Fit again, warm: clusters that exist stay, and what none of them explains is clustered by itself.

    A feature that has a cluster keeps it. A new feature joins the nearest cluster of its sense when it is nearer to
    it than the loosest tenth of the old members are to theirs; the rest forms clusters of its own. When two in five
    features are new, the fit is done from nothing.

    Args:
        points: As in `fit`, old and new.
        earlier: As in `assign`.
        frame: Of the earlier fit.
        method: As in `fit`, like the rest.
        target_features_per_cluster: See `fit`.
        min_similarity: See `fit`.
        remove_components: See `fit`.
        seed: See `fit`.
    """
    new = np.flatnonzero(earlier == -2)
    if len(new) > WARM_UP_TO_NEW * len(earlier) or not np.any(earlier >= 0):
        return fit(
            points,
            method=method,
            target_features_per_cluster=target_features_per_cluster,
            min_similarity=min_similarity,
            remove_components=remove_components,
            seed=seed,
        )
    labels, similarity = _join(points, earlier, frame, min_similarity=min_similarity)
    if len(new):
        floor = np.quantile(similarity[earlier >= 0], EXPLAINED_ABOVE)
        apart = new[similarity[new] < floor]
        wanted = target_features_per_cluster or features_per_cluster(len(labels))
        if len(apart) > wanted:
            found = _find(
                points.rows(apart),
                frame,
                method=method,
                n_clusters=max(1, round(len(apart) / wanted)),
                seed=seed,
            )
            labels[apart] = np.where(found >= 0, found + int(labels.max()) + 1, -1)
    return _describe(points, labels, frame)


def _wanted(n: int, target: int) -> int:
    return max(1, round(n / (target or features_per_cluster(n))))


def _find(points: Points, frame: Frame, *, method: str, n_clusters: int, seed: int, share: float = 1.0) -> Labels:
    """Cluster each sense by itself, part contraries, merge the most alike; `share` of all features these are."""
    space = Space(points.vectors, frame)
    labels = np.full(len(space), -1, np.int64)
    merging = len(space) >= MERGE_FROM * n_clusters
    over = OVER if merging else 1.0
    for sense in np.unique(points.senses):
        rows = np.flatnonzero(points.senses == sense)
        clusterer = CLUSTERERS[method_for(method, round(len(rows) / share))]
        wanted = max(1, round(over * n_clusters * len(rows) / len(space)))
        found = clusterer(space.within(rows), n_clusters=wanted, seed=seed)
        labels[rows] = np.where(found >= 0, found + int(labels.max()) + 1, -1)
    labels = part_contraries(dense(labels), points.stances, space)
    if not merging:
        return labels
    # Without the removed components two clusters look less alike than a reader finds them.
    plain = Space(points.vectors, Frame(frame.mean, frame.axes[:, :0]))
    return twins.merge(plain, labels, senses=points.senses, signs=points.stances, n_clusters=n_clusters)


def part_contraries(labels: Labels, stances: Signs, space: Space) -> Labels:
    """Clusters in which both sides of an axis stand are cut in two; members of neither side go to the nearer one.

    Returns:
        Labels, dense, with more clusters where any was cut.
    """
    labels = labels.copy()
    for axis in range(stances.shape[1]):
        sign = stances[:, axis]
        k = int(labels.max()) + 1 if len(labels) else 0
        plus = np.bincount(labels[(labels >= 0) & (sign > 0)], minlength=k)
        minus = np.bincount(labels[(labels >= 0) & (sign < 0)], minlength=k)
        for cluster in np.flatnonzero((plus > 0) & (minus > 0)):
            members = np.flatnonzero(labels == cluster)
            vectors, side = space.take(members), sign[members]
            margin = vectors @ (vectors[side > 0].mean(axis=0) - vectors[side < 0].mean(axis=0))
            side = np.where(side == 0, np.where(margin >= 0, 1, -1), side)
            labels[members[side == (-1 if plus[cluster] >= minus[cluster] else 1)]] = int(labels.max()) + 1
    return labels


def _join(points: Points, earlier: Labels, frame: Frame, *, min_similarity: float) -> tuple[Labels, Similarities]:
    """Labels with new features at the nearest centre of their sense, and each feature's cosine to its centre."""
    space, labels = Space(points.vectors, frame), np.maximum(earlier, -1)
    k = int(labels.max()) + 1 if len(labels) else 0
    similarity = np.full(len(labels), -1, np.float32)
    if k == 0:
        return labels, similarity
    centres = centres_of(space, labels, k)
    sense_of = np.zeros(k, np.int8)
    sense_of[labels[labels >= 0]] = points.senses[labels >= 0]
    for start, vectors in space.blocks():
        part = slice(start, start + len(vectors))
        similarity[part] = np.einsum("ij,ij->i", vectors, centres[np.maximum(labels[part], 0)])
    for sense in np.unique(points.senses):
        rows = np.flatnonzero((earlier == -2) & (points.senses == sense))
        own = np.flatnonzero(sense_of == sense)
        if len(rows) and len(own):
            found, similarity[rows] = nearest(space.within(rows), centres[own])
            labels[rows] = np.where(similarity[rows] >= min_similarity, own[found], -1)
    return part_contraries(labels, points.stances, space), similarity


def _describe(points: Points, labels: Labels, frame: Frame, *, min_similarity: float | None = None) -> Clustering:
    """Similarities, centroids and coherence of labels; with a bound, members below it are let go."""
    space = Space(points.vectors, frame)
    labels = dense(labels)
    similarity = _similarity(space, labels)
    if min_similarity is not None:
        labels = dense(np.where(similarity >= min_similarity, labels, -1))
    k = int(labels.max()) + 1 if len(labels) else 0
    own = labels >= 0
    width = points.vectors.shape[1] if points.vectors.ndim == 2 else 0
    unframed = Frame(np.zeros(width, np.float32), np.zeros((width, 0), np.float32))
    return Clustering(
        labels=labels,
        similarity=similarity,
        centroids=centres_of(Space(points.vectors, unframed), labels, k),
        coherence=np.bincount(labels[own], similarity[own], minlength=k) / np.bincount(labels[own], minlength=k),
        frame=frame,
    )


def _similarity(space: Space, labels: Labels) -> Similarities:
    k = int(labels.max()) + 1 if len(labels) else 0
    similarity = np.full(len(labels), -1, np.float32)
    if k:
        centres = centres_of(space, labels, k)
        for start, vectors in space.blocks():
            part = slice(start, start + len(vectors))
            similarity[part] = np.einsum("ij,ij->i", vectors, centres[np.maximum(labels[part], 0)])
        lost = np.flatnonzero(labels < 0)
        if len(lost):
            _, similarity[lost] = nearest(space.within(lost), centres)
    return similarity
