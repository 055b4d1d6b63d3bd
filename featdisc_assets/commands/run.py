"""Runs on a home from the command line, with the same records as the UI: everything, what is out of date, the plan."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import dagster as dg
from filelock import FileLock, Timeout

from featdisc_assets import definitions
from featdisc_assets.asking.model_choice import OwnModelConfig, choose_model
from featdisc_assets.asking.plans import Mode, read_plans
from featdisc_assets.assets.embedding import EncoderConfig
from featdisc_assets.assets.ingest import SourceConfig, sources_of
from featdisc_assets.assets.rating import PlanConfig, plans_of
from featdisc_assets.assets.source_files import observe_files
from featdisc_assets.encoders import is_remote, remote
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.graph.config_defaults import check_settings
from featdisc_assets.graph.freshness import Freshness, describe
from featdisc_assets.home import settings as home_settings
from featdisc_assets.home.places import Home, shipped
from featdisc_assets.home.settings import Settings
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.providers import check_model
from featdisc_assets.warehouse import Warehouse

# The assets that may use a model other than the rating plan's.
NAMING = ("cluster_names", "parent_names", "cluster_interest", "label_fidelity", "verification", "codebook")


def settings(
    *,
    sources: list[str],
    model: str | None = None,
    api_base: str | None = None,
    budget_usd: float | None = None,
    retry_failed: bool = False,
    reading: Mapping[str, Any] | None = None,
    granularity: str | None = None,
) -> Settings:
    """Command-line options as settings by asset; `reading` are settings of the asset `transcripts`."""
    found: Settings = {}
    for asset, name, value in (
        ("transcripts", "source", sources),
        *(("transcripts", name, value) for name, value in (reading or {}).items()),
        ("pieces", "granularity", granularity),
        ("rating_plan", "model", model),
        ("rating_plan", "api_base", api_base),
        ("rating_plan", "budget_usd", budget_usd),
        *((asset, "retry_failed", retry_failed) for asset in ("features", "embeddings", *NAMING)),
    ):
        if value or (name == "budget_usd" and value is not None):
            found.setdefault(asset, {})[name] = value
    return found


def read_config(path: Path | None) -> Settings:
    """The settings in a file, none without a path.

    Raises:
        FeatdiscError: If the file does not exist, or is not a mapping of assets to their settings.
    """
    if path is None:
        return {}
    if not path.is_file():
        raise FeatdiscError(f"{path} does not exist; pass the path of a YAML file to --config, or leave it out.")
    return home_settings.read(path)


def check_models(home: Home, configs: Mapping[str, dg.Config]) -> None:
    """Check before a run that every model can be called, and has a known price if there is a budget.

    Args:
        home: Its last rating plan has the model settings that the config leaves empty.
        configs: The config of every asset.

    Raises:
        ModelError: If a key is missing, a provider is unknown or has no batches, or a budget needs an unknown price.
    """
    last = None
    if home.warehouse.exists():
        db = Warehouse(home.warehouse)
        db.prepare()
        last = next(iter(read_plans(db)), None)
    config = cast("PlanConfig", configs["rating_plan"])
    plan = plans_of(config, last, home)[0]
    check_model(plan.model, plan.api_base)
    if plan.mode == Mode.batch:
        BatchApi(plan.model, plan.api_base)
    embedder = cast("EncoderConfig", configs["embeddings"])
    if is_remote(embedder.encoder):
        remote.check(embedder.server(), budget_usd=plan.budget_usd)
    for asset in NAMING:
        asked = choose_model(plan, cast("OwnModelConfig", configs[asset]), asset)
        check_model(asked.model, asked.params.api_base)


def enter(home: Home) -> None:
    """Make a home the current one, for this process and its children."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    (home.dagster / "dagster.yaml").write_text(shipped("dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["FEATDISC_HOME"] = str(home.path)
    os.environ["DAGSTER_HOME"] = str(home.dagster)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run needs, with settings and models checked."""

    home: Home
    repository: dg.RepositoryDefinition
    run_config: dict[str, Any]
    sources: list[str]


def prepare(home: Home, overrides: Settings, saved: Settings | None = None) -> Prepared:
    """Check settings and models, save settings, and make the home the current one.

    Args:
        home: The home.
        overrides: Settings for this run. Those that the home's `settings.yaml` already has are saved there too.
        saved: Settings to save in the home's `settings.yaml`.

    Raises:
        FeatdiscError: If a setting does not fit or a model cannot be called; nothing is written then.
    """
    stored = home_settings.merge(home_settings.read(home.settings), saved or {})
    replaced: Settings = {
        asset: {name: value for name, value in values.items() if name in stored.get(asset, {})}
        for asset, values in overrides.items()
    }
    stored = home_settings.merge(stored, {asset: values for asset, values in replaced.items() if values})
    given = home_settings.merge(stored, overrides)
    configs = check_settings(given, definitions.configs)
    repository = definitions.build(home, stored).get_repository_def()
    check_models(home, configs)
    enter(home)
    home_settings.keep(home.settings, stored)
    run_config = {
        "ops": {asset: {"config": values} for asset, values in given.items()},
        # Without this entry Dagster uses its default logger, which prints every event.
        "loggers": {"console": {}},
    }
    sources, _ = sources_of(Warehouse(home.warehouse), cast("SourceConfig", configs["transcripts"]))
    return Prepared(home, repository, run_config, sources)


@contextmanager
def locked_instance(home: Home) -> Iterator[dg.DagsterInstance]:
    """Dagster's records of a home, under a lock for which other featdisc commands wait. UI runs have a queue."""
    lock = FileLock(home.path / "run.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print(f"another featdisc run is using {home.path}; waiting for it to end", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        with dg.DagsterInstance.get() as instance:
            yield instance
    finally:
        lock.release()


def run(home: Home, overrides: Settings, saved: Settings | None = None) -> None:
    """Materialise everything, in this process.

    Raises:
        FeatdiscError: If the settings do not fit, a model cannot be called, or an asset fails for a reason that the
            user can fix.
    """
    ready = prepare(home, overrides, saved)
    with locked_instance(home) as instance:
        _observe(instance, ready)
        ready.repository.get_job("everything").execute_in_process(instance=instance, run_config=ready.run_config)


def refresh(home: Home, *, dry_run: bool, write: Callable[[str], None]) -> int:
    """Materialise only what is out of date; returns the number of assets.

    Args:
        home: The home.
        dry_run: Only write what is out of date, and why.
        write: Called with each line of text.

    Raises:
        FeatdiscError: As for `run`.
    """
    ready = prepare(home, {})
    with locked_instance(home) as instance:
        _observe(instance, ready)
        freshness = Freshness(ready.repository, instance)
        if dry_run:
            stale = freshness.stale()
            for line in describe(stale):
                write(line)
            if downstream := freshness.downstream(stale):
                write(f"then, if rows change: {', '.join(downstream)}")
            return len(stale)
        count = 0
        for level in freshness.refresh(ready.run_config, {"featdisc/started_as": "refresh"}):
            for line in describe(level):
                write(line)
            count += len(level)
        return count


def plan(home: Home, overrides: Settings, saved: Settings | None = None) -> None:
    """Read the sources if they changed, and materialise the rating plan: the requests to make and their cost.

    Raises:
        FeatdiscError: As for `run`.
    """
    ready = prepare(home, overrides, saved)
    with locked_instance(home) as instance:
        _observe(instance, ready)
        stale = {found.op for found in Freshness(ready.repository, instance).stale()}
        read = "transcripts" in overrides or "pieces" in overrides or bool(stale & {"transcripts", "pieces"})
        wanted = {"rating_plan", *(("transcripts", "pieces", "near_equal_texts") if read else ())}
        job = ready.repository.get_job("everything")
        # An op that fills several tables is materialised as a whole.
        chosen = dg.AssetSelection.assets(*wanted).required_multi_asset_neighbors()
        job.execute_in_process(
            instance=instance,
            run_config=ready.run_config
            | {"ops": {op: config for op, config in ready.run_config["ops"].items() if op in wanted}},
            asset_selection=sorted(chosen.resolve(ready.repository.asset_graph)),
        )


def _observe(instance: dg.DagsterInstance, ready: Prepared) -> None:
    """Record the state of the source files before they are read, so that later changes show."""
    instance.report_runless_asset_event(observe_files(ready.sources))
