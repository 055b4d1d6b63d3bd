"""Clusters that are hardly two, and how tight each is."""

import dagster as dg
import numpy as np
import pyarrow as pa
from pydantic import Field

from featdisc_assets.assets.showing import materialized
from featdisc_assets.clusterers import twins
from featdisc_assets.clusterers.space import Space, fit_frame, sums_of
from featdisc_assets.clusterers.twins import nearest_twin
from featdisc_assets.home_settings import settings_of
from featdisc_assets.places import read_sql
from featdisc_assets.resources import WarehouseResource
from featdisc_assets.stages import polarity
from featdisc_assets.transcript import KINDS
from featdisc_assets.versions import code_version
from featdisc_assets.warehouse import Warehouse


@settings_of("cluster_audit")
class AuditConfig(dg.Config):
    """When two clusters count as twins."""

    twin_similarity: float = Field(
        default=0.85,
        ge=0,
        le=2,
        description="Clusters of one kind and sense are near-duplicates from this likeness on: 1 where members of two"
        " are as near to each other as to their own, whatever the clusters' sizes.",
    )


@dg.asset(
    group_name="quality",
    kinds={"duckdb"},
    deps=["clusters"],
    code_version=code_version(AuditConfig, twins, read_sql("tables/cluster_audit")),
)
def cluster_audit(
    context: dg.AssetExecutionContext, config: AuditConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster: its nearest other cluster, whether the two are near-duplicates, and how tight it is."""
    db = warehouse.open()
    rows = [row for kind in KINDS for row in _nearest(db, kind, config.twin_similarity)]
    schema = pa.schema(
        [
            db.schema("cluster_audit").field(name)
            for name in ("cluster_id", "nearest_cluster_id", "nearest_similarity", "is_near_duplicate")
        ]
    )
    db.refill(
        {"cluster_audit": read_sql("tables/cluster_audit")},
        incoming={"nearest": pa.Table.from_pylist(rows, schema=schema)},
    )
    twins = db.scalar("select count(*) from cluster_audit where is_near_duplicate")
    context.log.info(f"{twins:,} of {len(rows):,} clusters have a near-duplicate")
    return materialized(
        context,
        db,
        "cluster_audit",
        preview="""
            select kind, own.label, other.label as nearest, nearest_similarity
            from cluster_audit left join cluster_names as own using (cluster_id)
            left join cluster_names as other on nearest_cluster_id = other.cluster_id
            order by nearest_similarity desc limit 15""",
    )


MEMBERS = """
select cluster_members.cluster_id, vocabulary.text, embeddings.vector
from cluster_members
inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
inner join embeddings on cluster_members.feature_id = embeddings.feature_id
inner join encoders on embeddings.encoder = encoders.encoder
where encoders.is_current and cluster_members.kind = $1 and cluster_members.cluster_id is not null
order by vocabulary.feature_id
"""


def _nearest(db: Warehouse, kind: str, twin_similarity: float) -> list[dict[str, object]]:
    """The most alike cluster of the same sense for each cluster of a kind, in a space it was not clustered in."""
    owners, vectors = db.matrix(f"select cluster_id, vector from ({MEMBERS})", [kind])
    if not len(owners):
        return []
    texts = db.read(f"select text from ({MEMBERS})", [kind])["text"].to_pylist()
    names, labels = np.unique(np.array(owners.to_pylist()), return_inverse=True)
    sums = sums_of(Space(vectors, fit_frame(vectors, remove_components=0)), labels, len(names))
    votes = np.zeros((len(names), 3))
    np.add.at(votes, (labels, polarity.senses(texts)), 1)
    other, likeness = nearest_twin(sums, np.bincount(labels), votes.argmax(axis=1))
    return [
        {
            "cluster_id": str(name),
            "nearest_cluster_id": str(names[j]) if np.isfinite(alike) else None,
            "nearest_similarity": float(alike) if np.isfinite(alike) else None,
            "is_near_duplicate": bool(alike >= twin_similarity),
        }
        for name, j, alike in zip(names, other, likeness, strict=True)
    ]
