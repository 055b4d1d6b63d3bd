"""The files that transcripts are read from."""

import warnings
from collections.abc import Sequence
from hashlib import blake2b

import dagster as dg

from featdisc_assets import formats
from featdisc_assets.assets.ingest import SourceConfig, sources_of
from featdisc_assets.home.places import Home
from featdisc_assets.home.settings import config_of
from featdisc_assets.warehouse import Warehouse

# A beta feature of Dagster, covered by a test.
warnings.filterwarnings("ignore", message="Function `observable_source_asset`", category=dg.BetaWarning)


@dg.observable_source_asset(
    name="source_files",
    group_name="transcripts",
    tags={"dagster/kind/file": ""},
    description="The files of the home's sources. Observe them, or switch on the sensor watch_sources, and transcripts"
    " shows as out of date when a file is new or changed.",
)
def source_files(context: dg.OpExecutionContext) -> dg.DataVersion:
    """The data version of all source files: it changes when one is added, removed or written."""
    seen = observe_home(Home.find())
    context.log.info(f"{seen.metadata['files'].value:,} source files")
    context.add_output_metadata(seen.metadata)
    return dg.DataVersion(seen.tags["dagster/data_version"])


def observe_home(home: Home) -> dg.AssetObservation:
    """An observation of the source files of a home: those of its settings, else those that it was last loaded from."""
    return observe_files(sources_of(Warehouse(home.warehouse), config_of(home, "transcripts", SourceConfig))[0])


def observe_files(paths: Sequence[str]) -> dg.AssetObservation:
    """An observation of files by name, size and modification time.

    Missing paths count as no files: reading them raises an error.
    """
    digest, n_files, n_bytes = blake2b(digest_size=8), 0, 0
    for path, size, written in formats.fingerprint(paths):
        digest.update(f"{path}\0{size}\0{written}\0".encode())
        n_files, n_bytes = n_files + 1, n_bytes + size
    return dg.AssetObservation(
        asset_key="source_files",
        tags={"dagster/data_version": digest.hexdigest()},
        metadata={"files": n_files, "bytes": n_bytes, "paths": dg.MetadataValue.json(list(paths))},
    )


@dg.sensor(
    name="watch_sources",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Observes the home's source files every 30 seconds, so that transcripts shows as out of date when they"
    " change. It starts no runs.",
)
def watch_sources(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Observe the source files if they changed."""
    seen = observe_home(Home.find())
    version = seen.tags["dagster/data_version"]
    if version == context.cursor:
        return dg.SkipReason("no source file was added, changed or removed")
    return dg.SensorResult(asset_events=[seen], cursor=version)
