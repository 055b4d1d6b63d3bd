"""Cluster ids that survive a refit: a cluster keeps its id while most of its members stay together."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


def name_clusters(
    feature_ids: Sequence[str], labels: npt.NDArray[np.int64], *, kind: str, previous: dict[str, str | None]
) -> list[str]:
    """An id for each label 0..k-1.

    A cluster inherits the id of an earlier one when they share more than half the members of each, counted over the
    features both fits know; two new clusters never inherit one id. Otherwise its id is a hash of its members, so
    that equal clusters get equal ids in every warehouse.

    Args:
        feature_ids: One per row of `labels`.
        labels: Cluster of each feature, -1 for none.
        kind: First part of a new id.
        previous: Earlier cluster id by feature id, None without a cluster.
    """
    k = int(labels.max()) + 1 if len(labels) else 0
    members: list[list[str]] = [[] for _ in range(k)]
    for feature_id, label in zip(feature_ids, labels.tolist(), strict=True):
        if label >= 0:
            members[label].append(feature_id)
    inherited = _inherit(members, {feature: cluster for feature, cluster in previous.items() if cluster is not None})
    return [inherited.get(i) or _mint(kind, members[i]) for i in range(k)]


def _inherit(members: list[list[str]], previous: dict[str, str]) -> dict[int, str]:
    sizes: dict[str, int] = {}
    present = {feature_id for cluster in members for feature_id in cluster}
    for feature_id, cluster_id in previous.items():
        if feature_id in present:
            sizes[cluster_id] = sizes.get(cluster_id, 0) + 1
    inherited: dict[int, str] = {}
    for i, cluster in enumerate(members):
        shared: dict[str, int] = {}
        for feature_id in cluster:
            if (earlier := previous.get(feature_id)) is not None:
                shared[earlier] = shared.get(earlier, 0) + 1
        known = sum(shared.values())
        for cluster_id, count in shared.items():
            # More than half of both sides: at most one new cluster can satisfy this for an old id, and vice versa.
            if 2 * count > known and 2 * count > sizes[cluster_id]:
                inherited[i] = cluster_id
    return inherited


def _mint(kind: str, members: list[str]) -> str:
    return f"{kind}-{hashlib.blake2b(chr(10).join(sorted(members)).encode(), digest_size=5).hexdigest()}"


# Two clusters are related if they share at least this part of either.
RELATED_FROM = 0.3


@dataclass(frozen=True, slots=True)
class Descent:
    """How a refit changed a cluster.

    Attributes:
        event: `kept` (the same id), `split` (one of several parts of the earlier one, or a part that left it), `merged`
            (one of several that went into this one), `born` (no ancestor) or `died` (no descendant).
        cluster_id: The cluster now, None where it died.
        earlier_id: The cluster before, None where it was born.
        n_shared: Features in both.
        n_earlier: Features of the earlier one that are still there.
        n_now: Features of the one now, new ones included.
    """

    event: str
    cluster_id: str | None
    earlier_id: str | None
    n_shared: int
    n_earlier: int
    n_now: int


def lineage(now: dict[str, str | None], earlier: dict[str, str | None]) -> list[Descent]:
    """What became of every cluster of a kind, from the cluster of each feature after and before a refit."""
    size_now = Counter(cluster for cluster in now.values() if cluster is not None)
    size_earlier = Counter(cluster for feature, cluster in earlier.items() if cluster is not None and feature in now)
    known = Counter(
        cluster for feature, cluster in now.items() if cluster is not None and earlier.get(feature) is not None
    )
    shared = Counter(
        (before, after)
        for feature, after in now.items()
        if after is not None and (before := earlier.get(feature)) is not None
    )
    related = {
        (before, after): count
        for (before, after), count in shared.items()
        if before == after or count >= RELATED_FROM * size_earlier[before] or count >= RELATED_FROM * known[after]
    }
    parents, children = Counter(after for _, after in related), Counter(before for before, _ in related)
    found = []
    for (before, after), count in sorted(related.items()):
        if before == after:
            event = "kept"
        elif children[before] > 1 or parents[after] == 1:
            event = "split"
        else:
            event = "merged"
        found.append(Descent(event, after, before, count, size_earlier[before], size_now[after]))
    found += [Descent("born", after, None, 0, 0, size_now[after]) for after in sorted(size_now) if not parents[after]]
    gone = {cluster for cluster in earlier.values() if cluster is not None} - {before for before, _ in related}
    return found + [Descent("died", None, before, 0, size_earlier[before], 0) for before in sorted(gone)]
