"""Everything Dagster loads: the assets in the order a piece goes through them, their checks, resources and job."""

import dagster as dg

from featdisc_assets.assets.analysis import ProbeConfig, SupportConfig, cooccurrence, group_contrasts, probes
from featdisc_assets.assets.auditing import feature_hygiene
from featdisc_assets.assets.cluster_auditing import AuditConfig, cluster_audit
from featdisc_assets.assets.clustering import ClusterConfig, EncoderConfig, clusters, embeddings
from featdisc_assets.assets.ingest import PieceConfig, SourceConfig, pieces, transcripts
from featdisc_assets.assets.marts import mart_views
from featdisc_assets.assets.naming import InterestConfig, NameConfig, cluster_interest, cluster_names
from featdisc_assets.assets.rating import PlanConfig, RatingConfig, features, rating_plan
from featdisc_assets.assets.report import ReportConfig, report
from featdisc_assets.checks import FailedShareConfig, checks
from featdisc_assets.resources import HomeResource, WarehouseResource
from featdisc_assets.terminal import terminal_logger

assets = [
    transcripts,
    pieces,
    rating_plan,
    features,
    feature_hygiene,
    embeddings,
    clusters,
    cluster_audit,
    cluster_names,
    cluster_interest,
    cooccurrence,
    group_contrasts,
    probes,
    mart_views,
    report,
]

# What each op takes, so that settings can be checked before anything runs.
configs: dict[str, type[dg.Config]] = {
    "transcripts": SourceConfig,
    "pieces": PieceConfig,
    "rating_plan": PlanConfig,
    "features": RatingConfig,
    "embeddings": EncoderConfig,
    "clusters": ClusterConfig,
    "cluster_audit": AuditConfig,
    "cluster_names": NameConfig,
    "cluster_interest": InterestConfig,
    "cooccurrence": SupportConfig,
    "group_contrasts": SupportConfig,
    "probes": ProbeConfig,
    "report": ReportConfig,
    "rated_texts_failed_share": FailedShareConfig,
}

everything = dg.define_asset_job(
    "everything", selection=dg.AssetSelection.all(), description="The whole graph, in order."
)

defs = dg.Definitions(
    assets=assets,
    asset_checks=checks,
    jobs=[everything],
    resources={"home": HomeResource(), "warehouse": WarehouseResource()},
    loggers={"console": terminal_logger},
    # One process for the whole run: a step of its own pays seconds of imports, and DuckDB takes one writer at a time.
    executor=dg.in_process_executor,
)
