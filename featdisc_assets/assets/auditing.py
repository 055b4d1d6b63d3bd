"""Signs that a table says more about the method than about the transcripts."""

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.assets import nearby
from featdisc_assets.assets.nearby import nearest_clusters
from featdisc_assets.assets.showing import materialized
from featdisc_assets.home_settings import settings_of
from featdisc_assets.places import read_sql
from featdisc_assets.resources import WarehouseResource
from featdisc_assets.versions import code_version


@settings_of("cluster_audit")
class AuditConfig(dg.Config):
    """When two clusters count as twins."""

    twin_similarity: float = Field(
        default=0.85, ge=0, le=1, description="Clusters of one kind whose centres are this similar are near-duplicates."
    )


@dg.asset(
    group_name="quality",
    kinds={"duckdb"},
    deps=["clusters"],
    code_version=code_version(AuditConfig, read_sql("tables/cluster_audit"), nearby),
)
def cluster_audit(
    context: dg.AssetExecutionContext, config: AuditConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster: its nearest other cluster, whether the two are near-duplicates, and how tight it is."""
    db = warehouse.open()
    near = nearest_clusters(db, count=1)
    rows: list[dict[str, object]] = [
        {
            "cluster_id": cluster_id,
            "nearest_cluster_id": found[0][0] if found else None,
            "nearest_similarity": found[0][1] if found else None,
            "is_near_duplicate": bool(found) and found[0][1] >= config.twin_similarity,
        }
        for cluster_id, found in near.items()
    ]
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
