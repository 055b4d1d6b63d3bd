"""Runs on a home, outside the UI but into the same history: everything, what is out of date, or the plan alone."""

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
from featdisc_assets.graph.freshness import Freshness, told
from featdisc_assets.graph.settings import check_settings
from featdisc_assets.home import settings as home_settings
from featdisc_assets.home.places import Home, shipped
from featdisc_assets.home.settings import Settings
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.providers import check_model
from featdisc_assets.warehouse import Warehouse

# The assets that may ask a model of their own.
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
    """The command line's options as settings by asset; `reading` are those of the sources."""
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
    """The settings in a file that somebody named.

    Raises:
        FeatdiscError: If it is not there, or no mapping of assets to their settings.
    """
    if path is None:
        return {}
    if not path.is_file():
        raise FeatdiscError(f"{path} cannot be read: there is no such file; name one with --config, or leave it out.")
    return home_settings.read(path)


def check_models(home: Home, configs: Mapping[str, dg.Config]) -> None:
    """Make sure that every model can be asked, and paid where there is a budget, before anything starts.

    Args:
        home: Its last plan says what the settings leave open.
        configs: The settings of every asset.

    Raises:
        ModelError: If a key is missing, a provider unknown or without batches, or a price unknown that a budget needs.
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
    """Make a home the one that Dagster and the assets work in, from here on and in child processes."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    (home.dagster / "dagster.yaml").write_text(shipped("dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["FEATDISC_HOME"] = str(home.path)
    os.environ["DAGSTER_HOME"] = str(home.dagster)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A home with everything checked, ready to materialise."""

    home: Home
    repository: dg.RepositoryDefinition
    run_config: dict[str, Any]
    sources: list[str]


def prepare(home: Home, once: Settings, kept: Settings | None = None) -> Prepared:
    """Check settings and models, keep what is to be kept, and make the home the one that is worked in.

    Args:
        home: Where.
        once: Settings for this time. Where the home's own file says otherwise, it learns of them.
        kept: Settings that the home's file takes up.

    Raises:
        FeatdiscError: If a setting does not fit or a model cannot be asked; nothing is written then.
    """
    stored = home_settings.merge(home_settings.read(home.settings), kept or {})
    contradicted: Settings = {
        asset: {name: value for name, value in values.items() if name in stored.get(asset, {})}
        for asset, values in once.items()
    }
    stored = home_settings.merge(stored, {asset: values for asset, values in contradicted.items() if values})
    given = home_settings.merge(stored, once)
    configs = check_settings(given, definitions.configs)
    repository = definitions.build(home, stored).get_repository_def()
    check_models(home, configs)
    enter(home)
    home_settings.keep(home.settings, stored)
    run_config = {
        "ops": {asset: {"config": values} for asset, values in given.items()},
        # Named, or Dagster falls back to a logger of its own that prints every event.
        "loggers": {"console": {}},
    }
    sources, _ = sources_of(Warehouse(home.warehouse), cast("SourceConfig", configs["transcripts"]))
    return Prepared(home, repository, run_config, sources)


@contextmanager
def at_work(home: Home) -> Iterator[dg.DagsterInstance]:
    """Dagster's records of a home, and the home to ourselves as far as the command line goes: a second waits.

    Runs from the UI queue among themselves.
    """
    with _only_one(home), dg.DagsterInstance.get() as instance:
        yield instance


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    lock = FileLock(home.path / "run.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print(f"another featdisc run works on {home.path}; waiting for it to end", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def run(home: Home, once: Settings, kept: Settings | None = None) -> None:
    """Materialise everything, in this process.

    Raises:
        FeatdiscError: If the settings do not fit, a model cannot be asked, or an asset met something a person can mend.
    """
    ready = prepare(home, once, kept)
    with at_work(home) as instance:
        _observe(instance, ready)
        ready.repository.get_job("everything").execute_in_process(instance=instance, run_config=ready.run_config)


def refresh(home: Home, *, dry_run: bool, tell: Callable[[str], None]) -> int:
    """Materialise just what is out of date; returns how many assets were.

    Args:
        home: Where.
        dry_run: Whether only to say what is out of date, and why.
        tell: What is done with each line of text.

    Raises:
        FeatdiscError: As for `run`.
    """
    ready = prepare(home, {})
    with at_work(home) as instance:
        _observe(instance, ready)
        freshness = Freshness(ready.repository, instance)
        if dry_run:
            stale = freshness.stale()
            for line in told(stale):
                tell(line)
            if behind := freshness.after(stale):
                tell(f"after them, where their rows change: {', '.join(behind)}")
            return len(stale)
        count = 0
        for level in freshness.refresh(ready.run_config, {"featdisc/started_as": "refresh"}):
            for line in told(level):
                tell(line)
            count += len(level)
        return count


def plan(home: Home, once: Settings, kept: Settings | None = None) -> None:
    """Read the sources if they changed, and materialise the rating plan: what rating would ask and cost.

    Raises:
        FeatdiscError: As for `run`.
    """
    ready = prepare(home, once, kept)
    with at_work(home) as instance:
        _observe(instance, ready)
        stale = {found.op for found in Freshness(ready.repository, instance).stale()}
        read = "transcripts" in once or "pieces" in once or bool(stale & {"transcripts", "pieces"})
        wanted = {"rating_plan", *(("transcripts", "pieces", "near_equal_texts") if read else ())}
        job = ready.repository.get_job("everything")
        # An asset that fills several tables is made whole or not at all.
        chosen = dg.AssetSelection.assets(*wanted).required_multi_asset_neighbors()
        job.execute_in_process(
            instance=instance,
            run_config=ready.run_config | {"ops": _of(ready.run_config["ops"], wanted)},
            asset_selection=sorted(chosen.resolve(ready.repository.asset_graph)),
        )


def _of(ops: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: config for name, config in ops.items() if name in names}


def _observe(instance: dg.DagsterInstance, ready: Prepared) -> None:
    """Note the state of the source files before they are read: what changes later then shows."""
    instance.report_runless_asset_event(observe_files(ready.sources))
