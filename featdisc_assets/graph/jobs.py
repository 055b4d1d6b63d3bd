"""Jobs, and the sensor that reruns what is out of date."""

import os
from typing import Any

import dagster as dg

from featdisc_assets.graph.freshness import Freshness, describe

_VIEWS = dg.AssetSelection.groups("marts")
_SHOWN = dg.AssetSelection.assets("report", "published")
_RATED = (
    dg.AssetSelection.assets("features").upstream()
    | dg.AssetSelection.assets("coverage", "failures", "spend", "rated_pieces")
).required_multi_asset_neighbors()

# An asset is materialised when it is missing, its code version changed, or the rows of a parent changed; never while a
# parent is missing or in progress. A failed run is not retried.
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
    """The asset with the automation condition of the sensor `refresh_automatically`."""
    return asset.map_asset_specs(lambda spec: spec.replace_attributes(automation_condition=_CONDITION))


def executor() -> dg.ExecutorDefinition:
    """The executor of runs: in one process, unless FEATDISC_EXECUTOR is `multiprocess`.

    A process per step costs seconds of imports, and DuckDB allows one writer at a time, so processes help only if the
    user's own assets do long work in parallel.
    """
    several = os.environ.get("FEATDISC_EXECUTOR", "") == "multiprocess"
    return dg.multiprocess_executor.configured({"max_concurrent": 4}) if several else dg.in_process_executor


@dg.op(description="Find what is out of date and materialise it, level by level.")
def refresh_what_is_out_of_date(context: dg.OpExecutionContext) -> None:
    """The same as `featdisc refresh`; each level is a separate run in the list of runs."""
    config: dict[str, Any] = {"loggers": {"console": {}}}
    for level in Freshness(context.repository_def, context.instance).refresh(
        config, {"featdisc/started_as": context.run_id}
    ):
        for line in describe(level):
            context.log.info(line)


@dg.job(executor_def=dg.in_process_executor, description="Rerun only what is out of date, in order.")
def refresh() -> None:
    """Rerun only what is out of date, in order."""
    refresh_what_is_out_of_date()


jobs: list[Any] = [
    dg.define_asset_job("everything", dg.AssetSelection.all(), description="Materialise the whole graph, in order."),
    dg.define_asset_job("rate_only", _RATED, description="Read, plan and rate, without clustering."),
    dg.define_asset_job(
        "refit_clusters",
        dg.AssetSelection.assets("clusters").downstream().required_multi_asset_neighbors(),
        description="Re-cluster and rebuild everything downstream. Makes no rating calls.",
    ),
    dg.define_asset_job(
        "rename",
        dg.AssetSelection.assets("cluster_names").downstream().required_multi_asset_neighbors(),
        description="Rename and rescore the clusters. Answers that are stored are not requested again.",
    ),
    dg.define_asset_job(
        "show", _VIEWS | _SHOWN, description="Rebuild views, report and published copy. Makes no model calls."
    ),
    refresh,
]

# Off by default: a typo in a prompt must not start thousands of paid calls.
refresh_automatically = dg.AutomationConditionSensorDefinition(
    "refresh_automatically",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.STOPPED,
    minimum_interval_seconds=30,
    description="Materialises whatever is out of date, without confirmation. It can spend money: set"
    " rating_plan.budget_usd before you switch it on.",
)
