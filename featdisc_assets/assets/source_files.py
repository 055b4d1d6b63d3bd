"""The files that transcripts are read from: watched, never written."""

import warnings
from collections.abc import Sequence
from hashlib import blake2b

import dagster as dg

from featdisc_assets import formats
from featdisc_assets.assets.ingest import SourceConfig, sources_of
from featdisc_assets.home.places import Home
from featdisc_assets.home.settings import config_of
from featdisc_assets.warehouse import Warehouse

# Dagster warns that it may change; a test materialises from it.
warnings.filterwarnings("ignore", message="Function `observable_source_asset`", category=dg.BetaWarning)


@dg.observable_source_asset(
    name="source_files",
    group_name="transcripts",
    tags={"dagster/kind/file": ""},
    description="The files the home's sources stand for. Observe them (or switch the sensor watch_sources on), and new"
    " or changed files show as new work for transcripts.",
)
def source_files(context: dg.OpExecutionContext) -> dg.DataVersion:
    """The version of all source files together: it changes when one comes, goes, or is written."""
    seen = observe_home(Home.find())
    context.log.info(f"{seen.metadata['files'].value:,} source files")
    context.add_output_metadata(seen.metadata)
    return dg.DataVersion(seen.tags["dagster/data_version"])


def observe_home(home: Home) -> dg.AssetObservation:
    """An observation of the source files of a home: those of its settings, else those that it was last loaded from."""
    return observe(sources_of(Warehouse(home.warehouse), config_of(home, "transcripts", SourceConfig))[0])


def observe(paths: Sequence[str]) -> dg.AssetObservation:
    """An observation of the files that paths, folders and globs stand for, by their names, sizes and times.

    Paths that are not there count as no files: reading them will say so.
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
    description="Looks at the home's source files every half minute; new or changed ones show as new work. It starts"
    " nothing by itself.",
)
def watch_sources(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Observe the source files when they are not what they were."""
    seen = observe_home(Home.find())
    version = seen.tags["dagster/data_version"]
    if version == context.cursor:
        return dg.SkipReason("no source file is new, changed or gone")
    return dg.SensorResult(asset_events=[seen], cursor=version)
