"""What can be started as a whole from the UI, and the sensor that starts what is out of date by itself."""

import os
from typing import Any

import dagster as dg

from featdisc_assets.assets.source_files import watch_sources
from featdisc_assets.graph.freshness import Freshness, told

_VIEWS = dg.AssetSelection.groups("marts")
_SHOWN = dg.AssetSelection.assets("report", "published")
_RATED = (
    dg.AssetSelection.assets("features").upstream()
    | dg.AssetSelection.assets("coverage", "failures", "spend", "rated_pieces")
).required_multi_asset_neighbors()

# An asset is made when it is missing, when its code version changed, or when its parents' rows did; never while a
# parent is still missing or being made. A failed run is not started again by itself.
_CHANGED: dg.AutomationCondition[Any] = (
    dg.AutomationCondition.missing()
    | dg.AutomationCondition.code_version_changed()
    | dg.AutomationCondition.any_deps_match(dg.AutomationCondition.data_version_changed())
)
_CONDITION = (
    _CHANGED.since_last_handled()
    & ~dg.AutomationCondition.any_deps_missing()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
)


def automatic(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The asset with the condition that the sensor `refresh_automatically` goes by."""
    return asset.map_asset_specs(lambda spec: spec.replace_attributes(automation_condition=_CONDITION))


def executor() -> dg.ExecutorDefinition:
    """How runs execute: in one process unless FEATDISC_EXECUTOR asks for `multiprocess`.

    A step of its own pays seconds of imports, and DuckDB takes one writer at a time, so that processes help only where
    assets of the user's own do long work beside ours.
    """
    several = os.environ.get("FEATDISC_EXECUTOR", "") == "multiprocess"
    return dg.multiprocess_executor.configured({"max_concurrent": 4}) if several else dg.in_process_executor


@dg.op(description="Looks up what is out of date and materialises it, a level of the graph at a time.")
def refresh_what_is_out_of_date(context: dg.OpExecutionContext) -> None:
    """Run what `featdisc refresh` runs; each level is a run of its own in the list of runs."""
    config: dict[str, Any] = {"loggers": {"console": {}}}
    for level in Freshness(context.repository_def, context.instance).refresh(
        config, {"featdisc/started_as": context.run_id}
    ):
        for line in told(level):
            context.log.info(line)


@dg.job(executor_def=dg.in_process_executor, description="Rerun just what is out of date, in order.")
def refresh() -> None:
    """Rerun just what is out of date, in order."""
    refresh_what_is_out_of_date()


jobs: list[Any] = [
    dg.define_asset_job("everything", dg.AssetSelection.all(), description="The whole graph, in order."),
    dg.define_asset_job("rate_only", _RATED, description="Read, plan and rate; no clusters yet."),
    dg.define_asset_job(
        "refit_clusters",
        dg.AssetSelection.assets("clusters").downstream().required_multi_asset_neighbors(),
        description="Cluster anew and redo what follows; rates nothing.",
    ),
    dg.define_asset_job(
        "rename",
        dg.AssetSelection.assets("cluster_names").downstream().required_multi_asset_neighbors(),
        description="Name and score the clusters anew; what is answered already is not asked again.",
    ),
    dg.define_asset_job("show", _VIEWS | _SHOWN, description="Views, report and published copy; asks nothing."),
    refresh,
]

# Off by default: a typo in a prompt must not launch thousands of paid calls.
refresh_automatically = dg.AutomationConditionSensorDefinition(
    "refresh_automatically",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.STOPPED,
    minimum_interval_seconds=30,
    description="Materialises whatever is out of date, without asking. It can spend money: set rating_plan.budget_usd"
    " before you switch it on.",
)

sensors = [watch_sources, refresh_automatically]
