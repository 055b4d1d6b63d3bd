"""Everything that Dagster loads: the assets in the order that a piece goes through them, checks, resources and jobs."""

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
from featdisc_assets.assets.source_files import source_files, watch_sources
from featdisc_assets.assets.verification import verification
from featdisc_assets.checks import checks
from featdisc_assets.graph.config_defaults import check_settings, config_classes, with_settings
from featdisc_assets.graph.jobs import automatic, executor, jobs, refresh_automatically
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.terminal import terminal_logger
from featdisc_assets.home.places import Home
from featdisc_assets.home.settings import Settings, read

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

configs = config_classes([*assets, *checks])


def build(home: Home, settings: Settings | None = None) -> dg.Definitions:
    """The definitions with a home's settings as defaults.

    Args:
        home: Its prompts count in the code versions.
        settings: Settings to use in place of the home's `settings.yaml`.

    Raises:
        FeatdiscError: If a setting does not exist or does not fit.
    """
    given = read(home.settings) if settings is None else settings
    check_settings(given, configs)
    # Configured at launch, so that a path for `home` in the run config applies to the warehouse too.
    home_resource = HomeResource.configure_at_launch()
    return dg.Definitions(
        assets=[source_files, *(automatic(with_settings(asset, given, home)) for asset in assets)],
        asset_checks=[with_settings(check, given, home) for check in checks],
        jobs=jobs,
        sensors=[watch_sources, refresh_automatically],
        resources={"home": home_resource, "warehouse": WarehouseResource(home=home_resource)},
        loggers={"console": terminal_logger},
        executor=executor(),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions that Dagster loads: those of the home in `FEATDISC_HOME`."""
    return build(Home.find())
