"""Vectors to clusters, with ids that survive refits."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import cluster_ids
from featdisc_assets.stages import clustering as stage
from featdisc_assets.tables.cluster_fits import fit_kind, write_fits
from featdisc_assets.transcript import ALL_KINDS, KINDS


class ClusterConfig(dg.Config):
    """How features are grouped."""

    method: str = Field(
        default="auto",
        pattern="^(auto|leiden|two_level|kmeans|hdbscan)$",
        description="Clustering algorithm. auto takes the best one for the size on a planted benchmark: two_level"
        " (Ward) up to 6,000 features of a kind, leiden (communities of nearest neighbours) up to 400,000, and"
        " two_level over centroids of small clusters above. kmeans and hdbscan are for comparison; hdbscan leaves many"
        " features out.",
    )
    target_features_per_cluster: int = Field(
        default=0,
        ge=0,
        description="Mean number of distinct features per cluster to aim for. Lower it for finer clusters. 0 chooses it"
        " from the data.",
    )
    target_by_kind: dict[str, int] = Field(
        default={},
        description="target_features_per_cluster for single kinds, for example {user: 30}. Kinds are user, thought and"
        " response.",
    )
    keep_senses_apart: bool = Field(
        default=True,
        description="Never put features of opposite sense (flatters, avoids flattering; formal, casual), of absence"
        " and of refusal into one cluster. Turn it off to let the embedding alone decide; it often mixes them.",
    )
    min_similarity: float = Field(
        default=0.1,
        ge=-1,
        le=1,
        description="Leave features unassigned whose cosine to their cluster's centroid is below this. Raise it for"
        " tighter clusters.",
    )
    remove_components: int = Field(
        default=5,
        ge=0,
        le=50,
        description="Number of leading principal components to remove from the vectors before clustering.",
    )
    seed: int = Field(default=0, description="Random seed. The same seed gives the same clusters.")
    refit: bool = Field(
        default=True,
        description="Fit clusters again when features change. Turn it off to assign new features to existing clusters"
        " only.",
    )
    warm: bool = Field(
        default=True,
        description="Start refits from the existing clusters, so that ids stay. Turn it off to start from scratch.",
    )


CLUSTERS_VERSION = code_version(ClusterConfig, stage, cluster_ids, read_sql("fill/clusters"))


@dg.multi_asset(
    name="clusters",
    group_name="clusters",
    specs=[
        dg.AssetSpec(
            "clusters",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb", "scikitlearn"},
            description="One row per cluster of features of one kind, with its size, coherence and centroid.",
        ),
        dg.AssetSpec(
            "cluster_members",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb", "scikitlearn"},
            description="One row per feature: its cluster, null for unassigned features.",
        ),
        dg.AssetSpec(
            "cluster_lineage",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb"},
            description="One row per refit, cluster and ancestor: kept, split, merged, born or died.",
        ),
    ],
)
def clusters(
    context: dg.AssetExecutionContext, config: ClusterConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Cluster the features of each kind. A cluster that keeps most of its members keeps its id."""
    db = warehouse.open()
    _check_kinds(config)
    fits = []
    shared = {name: getattr(config, name) for name in _SHARED}
    for kind in ALL_KINDS:
        # Large kinds take minutes.
        if n := db.scalar("select count(*) from vocabulary where kind = $1", [kind]):
            context.log.info(f"{kind}: clustering {n:,} features, {stage.method_for(config.method, n)}")
        target = config.target_by_kind.get(kind, config.target_features_per_cluster)
        fit = fit_kind(db, kind, **shared, target_features_per_cluster=target)
        fits.append(fit)
        context.log.info(
            f"{fit.kind}: {len(fit.feature_ids):,} features in {len(fit.ids):,} clusters ({fit.way}),"
            f" {int((fit.found.labels < 0).sum()):,} unassigned"
        )
    write_fits(db, fits)
    preview = """
        select kind, count(*) as clusters, sum(n_features) as features, max(n_transcripts) as widest,
            avg(coherence) as mean_coherence
        from clusters group by kind order by kind"""
    yield materialized(context, db, "clusters", preview=preview)
    yield materialized(context, db, "cluster_members")
    preview = "select refit, kind, event, count(*) as clusters from cluster_lineage group by all order by all"
    yield materialized(context, db, "cluster_lineage", preview=preview)


# Settings that all kinds share.
_SHARED = ("method", "min_similarity", "remove_components", "seed", "keep_senses_apart", "refit", "warm")


def _check_kinds(config: ClusterConfig) -> None:
    if wrong := sorted(set(config.target_by_kind) - set(KINDS)):
        raise FeatdiscError(f"clusters.target_by_kind names {wrong[0]!r}, which is no kind; use {', '.join(KINDS)}.")
