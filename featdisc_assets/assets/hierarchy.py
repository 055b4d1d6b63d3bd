"""Clusters to themes and areas, so that thousands of them can be browsed."""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.clusterers.space import Labels, Vectors
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import cluster_ids
from featdisc_assets.stages import hierarchy as stage
from featdisc_assets.transcript import ALL_KINDS
from featdisc_assets.warehouse import Warehouse

LEVELS = ("theme", "area")


class HierarchyConfig(dg.Config):
    """Sizes of themes and areas."""

    clusters_per_theme: int = Field(
        default=12,
        ge=2,
        description="Mean number of clusters per theme, in kinds with more clusters than its square; smaller kinds get"
        " as many themes as clusters in each. Raise it for fewer themes.",
    )
    most_areas: int = Field(
        default=30,
        ge=2,
        description="Maximum number of areas of a kind; below it, there are as many areas as themes in each.",
    )
    at_a_glance: int = Field(
        default=15,
        ge=2,
        description="Make themes only from at least this many clusters, and areas only from at least this many themes.",
    )


_VERSION = code_version(HierarchyConfig, stage, cluster_ids, read_sql("fill/parents"))


@dg.multi_asset(
    name="cluster_parents",
    group_name="clusters",
    specs=[
        dg.AssetSpec(
            name,
            deps=["clusters", "cluster_members", "features"],
            code_version=_VERSION,
            kinds={"duckdb"},
            description=grain,
        )
        for name, grain in (
            ("cluster_parents", "One row per cluster: its theme, and the area of its theme."),
            ("parents", "One row per theme or area: its size, and the number of transcripts that show it."),
        )
    ],
)
def cluster_parents(
    context: dg.AssetExecutionContext, config: HierarchyConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Group the clusters of each kind into themes and areas. A parent that keeps most of its clusters keeps its id."""
    db = warehouse.open()
    found = [arrange_kind(db, kind, config) for kind in ALL_KINDS]
    for kind, levels in zip(ALL_KINDS, found, strict=True):
        context.log.info(
            f"{kind}: {len(levels.cluster_ids):,} clusters in {len(levels.names['theme']):,} themes in"
            f" {len(levels.names['area']):,} areas"
        )
    db.refill(
        {"cluster_parents": "select * from belonging order by kind, cluster_id", "parents": read_sql("fill/parents")},
        incoming={
            "belonging": pa.concat_tables([levels.membership() for levels in found]),
            "centres": pa.concat_tables([levels.centres() for levels in found]),
        },
    )
    yield materialized(context, db, "cluster_parents")
    preview = """
        select kind, level, count(*) as parents, avg(n_clusters) as mean_clusters, max(n_clusters) as most_clusters,
            max(n_transcripts) as widest
        from parents group by all order by all"""
    yield materialized(context, db, "parents", preview=preview)


@dataclass(frozen=True, slots=True)
class Levels:
    """The themes and areas of one kind.

    Attributes:
        kind: The kind.
        cluster_ids: Its clusters.
        centroids: float32[k, d], the clusters' centroids.
        labels: By level, int64[k]: the parent of each cluster, -1 for all if the level is missing.
        names: By level, the id of each parent.
    """

    kind: str
    cluster_ids: pa.Array
    centroids: Vectors
    labels: dict[str, Labels]
    names: dict[str, list[str]]

    def parent_of(self, level: str) -> pa.Array:
        """The id of each cluster's parent at a level, null for none."""
        labels = self.labels[level]
        return pa.array(self.names[level], pa.string()).take(pa.array(labels, mask=labels < 0))

    def membership(self) -> pa.Table:
        """Rows of `cluster_parents`."""
        kinds = pa.array([self.kind] * len(self.cluster_ids), pa.string())
        ids = {f"{level}_id": self.parent_of(level) for level in LEVELS}
        return pa.table({"cluster_id": self.cluster_ids, "kind": kinds, **ids})

    def centres(self) -> pa.Table:
        """The input of `fill/parents.sql`: each parent with its level, area and centroid."""
        area_of = dict(zip(self.parent_of("theme").to_pylist(), self.parent_of("area").to_pylist(), strict=True))
        rows = [
            {
                "parent_id": name,
                "level": level,
                "kind": self.kind,
                "area_id": area_of[name] if level == "theme" else None,
                "centroid": centre.tolist(),
            }
            for level in LEVELS
            for name, centre in zip(
                self.names[level], stage.parent_centres(self.centroids, self.labels[level]), strict=True
            )
        ]
        return pa.Table.from_pylist(rows, schema=_CENTRES)


_CENTRES = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("parent_id", "level", "kind", "area_id")),
        pa.field("centroid", pa.list_(pa.float32())),
    ]
)


def arrange_kind(db: Warehouse, kind: str, config: HierarchyConfig) -> Levels:
    """The themes and areas of one kind's clusters, with the ids of earlier parents where they match."""
    ids, centroids = db.matrix(
        "select cluster_id, centroid as vector from clusters where kind = $1 order by cluster_id", [kind]
    )
    found = stage.arrange(
        centroids,
        clusters_per_theme=config.clusters_per_theme,
        most_areas=config.most_areas,
        at_a_glance=config.at_a_glance,
    )
    labels = {"theme": found.themes, "area": found.areas}
    names, rows = {}, db.rows("from cluster_parents where kind = $1", [kind])
    for level in LEVELS:
        earlier = {row["cluster_id"]: row[f"{level}_id"] for row in rows}
        # Ids contain the level, since a theme may have the same clusters as an earlier area.
        names[level] = cluster_ids.name_clusters(
            ids.to_pylist(), labels[level], kind=f"{kind}-{level}", previous=earlier
        )
    return Levels(kind, ids, centroids, labels, names)
