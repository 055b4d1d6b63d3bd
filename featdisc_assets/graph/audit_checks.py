"""Checks of the clusters by what the audit found: each says what is wrong, how much is, and what to do about it."""

import dagster as dg
from pydantic import Field

from featdisc_assets.graph.metadata import checked_by_kind
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.home.places import read_sql


class NearDuplicateShareConfig(dg.Config):
    """How many twins are too many."""

    max_share: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description="Warn where more than this share of a kind's clusters is a near-duplicate of another, 0 to 1.",
    )


@dg.asset_check(name="near_duplicate_share", asset="cluster_audit", description="Few clusters have a twin.")
def near_duplicate_share(config: NearDuplicateShareConfig, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warn of kinds whose findings are split over twins."""
    # Below every share: those of the kinds that are well are shown too.
    kinds = warehouse.open().rows(read_sql("checks/near_duplicate_share"), variables={"max_share": -1.0})
    return checked_by_kind(
        kinds,
        "near_duplicate_share",
        shown="near-duplicates among {kind} clusters",
        is_amiss=lambda share: share > config.max_share,
        complain=lambda row: (
            f"{row['n_near_duplicates']:,} of {row['n_clusters']:,} {row['kind']} clusters"
            f" ({row['near_duplicate_share']:.1%}) are near-duplicates of another, above {config.max_share:.1%}: each"
            " shows only a part of a finding; raise clusters.target_features_per_cluster, or read twins together"
            " (cluster_audit.nearest_cluster_id)"
        ),
        well="few clusters have a near-duplicate",
    )


class SwallowedShareConfig(dg.Config):
    """How much may be swallowed."""

    max_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Warn where more than this share of a kind's features hold a swallowed phrase, 0 to 1.",
    )


@dg.asset_check(name="swallowed_share", asset="swallowed_themes", description="Few recurring phrases are swallowed.")
def swallowed_share(config: SwallowedShareConfig, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warn of kinds whose labels hide what comes back in the features."""
    kinds = warehouse.open().rows(read_sql("checks/swallowed_share"), variables={"max_share": -1.0})
    return checked_by_kind(
        kinds,
        "swallowed_share",
        shown="swallowed share of {kind} features",
        is_amiss=lambda share: share > config.max_share,
        complain=lambda row: (
            f"{row['n_swallowed']:,} of the recurring phrases of {row['kind']} features lie in clusters about other"
            f" things, with {row['swallowed_share']:.1%} of the features, above {config.max_share:.1%};"
            f" '{row['phrase']}' alone shows in {row['n_transcripts']:,} transcripts: no label tells of them, read"
            " swallowed_themes; lower clusters.target_features_per_cluster for more and smaller clusters"
        ),
        well="few features hold a phrase that no cluster is about",
    )


class StableConfig(dg.Config):
    """How stable is stable enough."""

    min_jaccard: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Warn where half of a kind's clusters find no cluster in refits of a sample that shares this much"
        " with them (Jaccard). Hennig (2007) calls a cluster below 0.5 dissolved and one above 0.75 valid.",
    )


@dg.asset_check(
    name="clusters_are_stable", asset="cluster_stability", description="Refits of a sample find most clusters again."
)
def clusters_are_stable(config: StableConfig, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warn of kinds whose clusters depend on which features happened to be there."""
    # Above every Jaccard: the kinds that are well are shown too.
    kinds = warehouse.open().rows(read_sql("checks/clusters_are_stable"), variables={"min_jaccard": 2.0})
    return checked_by_kind(
        kinds,
        "median_stability",
        shown="median stability of {kind} clusters",
        is_amiss=lambda jaccard: jaccard < config.min_jaccard,
        complain=lambda row: (
            f"{row['kind']}: half of {row['n_clusters']:,} clusters find no better match than"
            f" {row['median_stability']:.2f} (Jaccard) in {row['n_repeats']} refits of a sample, below"
            f" {config.min_jaccard:.2f}; {row['n_unstable']:,} are dissolved: draw no conclusion from where two such"
            " clusters part; raise clusters.target_features_per_cluster, or stability_features if the samples were"
            " small"
        ),
        well="refits find most clusters again, or none was made",
    )


checks = [near_duplicate_share, swallowed_share, clusters_are_stable]
