"""Materialize assets in this process, which is faster than the command line."""

from pathlib import Path
from typing import Any

import dagster as dg

from featdisc_assets.checks import checks
from featdisc_assets.definitions import assets
from featdisc_assets.graph.resources import resources_of
from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.warehouse import Warehouse

# The ops up to the ratings, and up to the cluster names.
TO_FEATURES = ["transcripts", "pieces", "rating_plan", "features"]
TO_NAMES = [*TO_FEATURES, "embeddings", "clusters", "cluster_names"]


def first_chats(folder: Path, n: int) -> Path:
    """Write the first n chats of the sample to a file."""
    path = folder / "chats.jsonl"
    path.write_text("".join(sample_path().read_text(encoding="utf-8").splitlines(keepends=True)[:n]), encoding="utf-8")
    return path


def materialise(home: Home, ops: list[str], **settings: dict[str, Any]) -> dg.ExecuteInProcessResult:
    """Materialize the assets of some ops, with their checks.

    Args:
        home: The home to write to.
        ops: Names of the ops.
        settings: Config by op, as in a file for `featdisc run --config`.
    """
    chosen = [definition for definition in assets if definition.op.name in ops]
    keys = {key for definition in chosen for key in definition.keys}
    checked = [check for check in checks if {key.asset_key for key in check.check_keys} <= keys]
    job = dg.define_asset_job("chosen", dg.AssetSelection.all())
    definitions = dg.Definitions(
        assets=chosen,
        asset_checks=checked,
        jobs=[job],
        resources=resources_of(home),
    )
    config = {"ops": {op: {"config": values} for op, values in settings.items()}}
    return definitions.resolve_job_def("chosen").execute_in_process(run_config=config)


def warehouse(home: Home) -> Warehouse:
    """The home's warehouse."""
    return Warehouse(home.warehouse)
