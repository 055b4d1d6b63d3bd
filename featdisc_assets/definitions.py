"""Everything Dagster loads: the assets in the order a piece goes through them, their checks, resources and jobs."""

import dagster as dg

from featdisc_assets.assets.cluster_audit import cluster_audit
from featdisc_assets.assets.clustering import clusters
from featdisc_assets.assets.codebook import codebook
from featdisc_assets.assets.contrasts import group_contrasts, text_languages
from featdisc_assets.assets.cooccurrence import cooccurrence
from featdisc_assets.assets.drift import drift
from featdisc_assets.assets.embedding import embeddings
from featdisc_assets.assets.fidelity import label_fidelity
from featdisc_assets.assets.hierarchy import cluster_parents
from featdisc_assets.assets.hygiene import feature_hygiene
from featdisc_assets.assets.ingest import pieces, transcripts
from featdisc_assets.assets.interest import cluster_interest
from featdisc_assets.assets.marts import mart_views
from featdisc_assets.assets.naming import cluster_names
from featdisc_assets.assets.near_equal import near_equal_texts
from featdisc_assets.assets.parent_naming import parent_names
from featdisc_assets.assets.probes import probes
from featdisc_assets.assets.publishing import published
from featdisc_assets.assets.rating import features, rating_plan
from featdisc_assets.assets.report import report
from featdisc_assets.assets.source_files import source_files
from featdisc_assets.assets.verification import verification
from featdisc_assets.checks import checks
from featdisc_assets.graph.jobs import automatic, executor, jobs, sensors
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.terminal import terminal_logger
from featdisc_assets.home.settings import check_names, in_force

assets = [
    transcripts,
    pieces,
    near_equal_texts,
    rating_plan,
    features,
    embeddings,
    clusters,
    cluster_parents,
    feature_hygiene,
    cluster_audit,
    cluster_names,
    parent_names,
    label_fidelity,
    cluster_interest,
    verification,
    codebook,
    cooccurrence,
    text_languages,
    group_contrasts,
    drift,
    probes,
    mart_views,
    report,
    published,
]

check_names(in_force())

defs = dg.Definitions(
    assets=[source_files, *(automatic(asset) for asset in assets)],
    asset_checks=checks,
    jobs=jobs,
    sensors=sensors,
    resources={"home": HomeResource(), "warehouse": WarehouseResource()},
    loggers={"console": terminal_logger},
    executor=executor(),
)
