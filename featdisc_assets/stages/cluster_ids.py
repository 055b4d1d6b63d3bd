"""Cluster ids that survive a refit: a cluster keeps its id while most of its members stay together."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def name_clusters(
    feature_ids: Sequence[str], labels: npt.NDArray[np.int64], *, kind: str, previous: dict[str, str | None]
) -> list[str]:
    """An id for each label 0..k-1.

    A cluster inherits the id of an earlier one when they share more than half the members of each, counted over the
    features both fits know; two new clusters never inherit one id. Otherwise its id is minted from its members, so
    that the same features clustered the same way get the same ids in every warehouse.

    Args:
        feature_ids: One a row of `labels`.
        labels: Cluster of each feature, -1 for none.
        kind: First part of a minted id.
        previous: Earlier cluster id by feature id, None for a feature that had none.
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
