"""Vectors to clusters."""

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
        description="auto is what did best at that size on a planted benchmark: Ward's criterion (two_level) up to"
        " 6,000 features of a kind, leiden (communities of nearest neighbours) up to 400,000, above that two_level, by"
        " then over centres of many small clusters. kmeans and hdbscan are there for comparison; hdbscan leaves many"
        " features out.",
    )
    target_features_per_cluster: int = Field(
        default=0,
        ge=0,
        description="Wanted number of distinct features in a cluster: smaller is finer. 0 chooses it from the data.",
    )
    target_by_kind: dict[str, int] = Field(
        default={},
        description="The same for one kind, where it should differ: {user: 30}; kinds are user, thought, response.",
    )
    keep_senses_apart: bool = Field(
        default=True,
        description="Features of opposite sense (flatters, avoids flattering; formal, casual; long, short), of absence"
        " and of refusal never share a cluster. Off, the embedding alone decides, and it puts many of them together.",
    )
    min_similarity: float = Field(
        default=0.1,
        ge=-1,
        le=1,
        description="A feature less similar than this to its cluster's centre stays unassigned.",
    )
    remove_components: int = Field(
        default=5, ge=0, le=50, description="Leading principal components taken out of the vectors before clustering."
    )
    seed: int = Field(default=0, description="Of the clustering; the same seed gives the same clusters.")
    refit: bool = Field(
        default=True,
        description="Off: new features only join the clusters that exist, or none, and no cluster is made.",
    )
    warm: bool = Field(
        default=True,
        description="Refits start from the clusters that exist, so that ids stay; off: each starts from nothing.",
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
            description="One row per cluster of features of one kind, with its size, coherence and centre.",
        ),
        dg.AssetSpec(
            "cluster_members",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb", "scikitlearn"},
            description="One row per feature: its cluster, or null where it is near none.",
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
    """Cluster the features of each kind; a cluster that keeps most of its members keeps its id."""
    db = warehouse.open()
    _check_kinds(config)
    fits = []
    shared = {name: getattr(config, name) for name in _SHARED}
    for kind in ALL_KINDS:
        # Large ones take minutes, and whoever waits should know for what.
        if n := db.scalar("select count(*) from vocabulary where kind = $1", [kind]):
            context.log.info(f"{kind}: clustering {n:,} features, {stage.method_for(config.method, n)}")
        target = config.target_by_kind.get(kind, config.target_features_per_cluster)
        fit = fit_kind(db, kind, **shared, target_features_per_cluster=target)
        fits.append(fit)
        context.log.info(
            f"{fit.kind}: {len(fit.feature_ids):,} features in {len(fit.ids):,} clusters ({fit.way}),"
            f" {int((fit.found.labels < 0).sum()):,} near none of them"
        )
    write_fits(db, fits)
    yield materialized(
        context,
        db,
        "clusters",
        preview="""
            select kind, count(*) as clusters, sum(n_features) as features, max(n_transcripts) as widest,
                avg(coherence) as mean_coherence
            from clusters group by kind order by kind""",
    )
    yield materialized(context, db, "cluster_members")
    yield materialized(
        context,
        db,
        "cluster_lineage",
        preview="select refit, kind, event, count(*) as clusters from cluster_lineage group by all order by all",
    )


# Settings that all kinds share.
_SHARED = ("method", "min_similarity", "remove_components", "seed", "keep_senses_apart", "refit", "warm")


def _check_kinds(config: ClusterConfig) -> None:
    if wrong := sorted(set(config.target_by_kind) - set(KINDS)):
        raise FeatdiscError(f"clusters.target_by_kind names {wrong[0]!r}; kinds are {', '.join(KINDS)}.")
