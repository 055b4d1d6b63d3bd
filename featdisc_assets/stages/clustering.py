"""Cluster unit vectors, with opposites apart and near-duplicates merged."""

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

# `auto` is Ward's criterion over every feature up to EXACT_UP_TO, then Leiden, which is more stable and finds more
# planted themes, until its graph takes too much memory.
LEIDEN_UP_TO = 400_000
# Clusters made per wanted cluster before merging, which removes twins. 1.3 leaves up to three times as many twins; at
# 3 the result depends too much on the seed.
OVER = 2.0
# Smaller clusters have too few pairs of members to measure similarity.
MERGE_FROM = 8
# A refit starts from the existing clusters unless this share of the features is new.
WARM_UP_TO_NEW = 0.4
# A new feature joins a cluster if it is nearer to it than this share of the old members.
EXPLAINED_ABOVE = 0.1


@dataclass(frozen=True, slots=True)
class Clustering:
    """The result of a clustering.

    Attributes:
        labels: int64[n], a row of `centroids` for each vector, or -1 where a vector is far from all of them.
        similarity: float32[n], cosine to the cluster's centre in the frame (for -1, to the nearest centre).
        centroids: float32[k, d], unit mean of the members' *original* vectors, for comparing clusters of two kinds.
        coherence: float64[k], mean `similarity` of the members.
        frame: Frame of the fit, for later features too.
    """

    labels: Labels
    similarity: Similarities
    centroids: Vectors
    coherence: npt.NDArray[np.float64]
    frame: Frame


def features_per_cluster(n: int) -> int:
    """The automatic granularity: a sixth of the root of n distinct features a cluster, at least 2.

    So the number of clusters is about six times the root of n: 100 for 300 features, 950 for 25,000, and 7,300 for the
    1.5 million per kind of the published study, which had about as many.
    """
    return max(2, round(math.sqrt(n) / 6))


def method_for(method: str, n: int) -> str:
    """The clusterer of a name; `auto` is the best one for n features."""
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
        points: Vectors and signs.
        method: A name of `CLUSTERERS`, or `auto`.
        target_features_per_cluster: Wanted mean size; 0 chooses it from n.
        min_similarity: Below this cosine to its centre a feature stays unassigned (label -1).
        remove_components: How many leading principal components are taken out before clustering.
        seed: Seed of all random choices.
        drawn_from: Number of features that these are a sample of, so that `auto` is the same; None for no sample.
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
    """Assign new features to the clusters of a fit, or to none; old features keep theirs.

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
    """Fit again, warm: existing clusters stay, and new features that fit none of them form clusters of their own.

    A new feature joins the nearest cluster of its sense if it is nearer to it than the farthest tenth of the old
    members are to theirs. If more than `WARM_UP_TO_NEW` of the features are new, the fit starts from nothing.
    The arguments are those of `fit` and `assign`.
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
    """Cluster each sense separately, split opposites, merge the most similar; these are a `share` of all features."""
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
    labels = split_opposites(dense(labels), points.stances, space)
    if not merging:
        return labels
    # Without the removed components, clusters look less similar than they are to a reader.
    plain = Space(points.vectors, Frame(frame.mean, frame.axes[:, :0]))
    return twins.merge(plain, labels, senses=points.senses, signs=points.stances, n_clusters=n_clusters)


def split_opposites(labels: Labels, stances: Signs, space: Space) -> Labels:
    """Split clusters with both sides of an axis in two; members of neither side go to the nearer part.

    Returns:
        Dense labels.
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
    _own_similarity(space, labels, centres, out=similarity)
    for sense in np.unique(points.senses):
        rows = np.flatnonzero((earlier == -2) & (points.senses == sense))
        own = np.flatnonzero(sense_of == sense)
        if len(rows) and len(own):
            found, similarity[rows] = nearest(space.within(rows), centres[own])
            labels[rows] = np.where(similarity[rows] >= min_similarity, own[found], -1)
    return split_opposites(labels, points.stances, space), similarity


def _describe(points: Points, labels: Labels, frame: Frame, *, min_similarity: float | None = None) -> Clustering:
    """Similarities, centroids and coherence of labels; members below `min_similarity` are removed."""
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


def _own_similarity(space: Space, labels: Labels, centres: Vectors, *, out: Similarities) -> None:
    for start, vectors in space.blocks():
        part = slice(start, start + len(vectors))
        out[part] = np.einsum("ij,ij->i", vectors, centres[np.maximum(labels[part], 0)])


def _similarity(space: Space, labels: Labels) -> Similarities:
    k = int(labels.max()) + 1 if len(labels) else 0
    similarity = np.full(len(labels), -1, np.float32)
    if k:
        centres = centres_of(space, labels, k)
        _own_similarity(space, labels, centres, out=similarity)
        lost = np.flatnonzero(labels < 0)
        if len(lost):
            _, similarity[lost] = nearest(space.within(lost), centres)
    return similarity
