"""What the audit reads of one kind's clusters."""

import json
from typing import Any

from featdisc_assets.stages.audit import KindClusters
from featdisc_assets.warehouse import Warehouse

MEMBERS = """
select cluster_members.feature_id, cluster_members.cluster_id, vocabulary.text, vectors.vector
from cluster_members
inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
inner join current_vectors() as vectors on cluster_members.feature_id = vectors.feature_id
where cluster_members.kind = $1
order by vocabulary.feature_id
"""


def read_clusters(db: Warehouse, kind: str) -> KindClusters | None:
    """The features of a kind with their clusters; None without any cluster."""
    feature_ids, vectors = db.matrix(f"select feature_id, vector from ({MEMBERS})", [kind])
    rest = db.read(f"select cluster_id, text from ({MEMBERS})", [kind]).combine_chunks()
    texts, owners = (rest[name].combine_chunks() for name in ("text", "cluster_id"))
    return KindClusters.of(kind, feature_ids, texts, owners, vectors)


def read_settings(db: Warehouse, kind: str) -> dict[str, Any] | None:
    """The settings of a kind's last fit; None before the first."""
    settings = db.scalar("select settings from cluster_fits where kind = $1", [kind])
    return None if settings is None else dict(json.loads(settings))
