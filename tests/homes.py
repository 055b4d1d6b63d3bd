"""Materialize assets in this process, which is faster than the command line."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import duckdb

from featdisc_assets.checks import checks
from featdisc_assets.definitions import assets
from featdisc_assets.graph.resources import resources_of
from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.warehouse import Warehouse

# The ops up to the ratings, and up to the cluster names.
TO_FEATURES = ["transcripts", "pieces", "rating_plan", "features"]
TO_NAMES = [*TO_FEATURES, "embeddings", "clusters", "cluster_names"]

_prepare = Warehouse.prepare
_open = Warehouse._open
# Warehouses copied from the template: `prepare` has nothing to do in them.
_copies: set[Path] = set()


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
    with _warehouse_kept_open(home.warehouse), _records() as instance:
        return definitions.resolve_job_def("chosen").execute_in_process(run_config=config, instance=instance)


def prepared(home: Home) -> Warehouse:
    """Make the home's warehouse with every table and view, by copying one that each process prepares once."""
    db = warehouse(home)
    prepare_by_copy(db)
    return db


def warehouse(home: Home) -> Warehouse:
    """The home's warehouse."""
    return Warehouse(home.warehouse)


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="featdisc-")) / "template.duckdb"
    _prepare(Warehouse(path))
    return path


def prepare_by_copy(db: Warehouse) -> None:
    """Do what `Warehouse.prepare` does, which takes half a second of CPU time, by copying a file."""
    if db.path.exists():
        if db.path not in _copies:
            _prepare(db)
        return
    db.path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template(), db.path)
    _copies.add(db.path)


@contextmanager
def _warehouse_kept_open(path: Path) -> Iterator[None]:
    """Keep one warehouse open. Opening it takes 40 ms of CPU time, and a run of three assets opens it 40 times."""
    kept: list[duckdb.DuckDBPyConnection] = []

    def open_kept(db: Warehouse, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        if db.path != path:
            return _open(db, read_only=read_only)
        if not kept:
            kept.append(_open(db, read_only=False))
        return kept[0].cursor()

    with patch.object(Warehouse, "_open", open_kept), patch.object(Warehouse, "prepare", prepare_by_copy):
        try:
            yield
        finally:
            for connection in kept:
                connection.close()


@cache
def _instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


@contextmanager
def _records() -> Iterator[dg.DagsterInstance]:
    """An empty instance for one run. Making one takes half a second of CPU time, wiping one does not."""
    instance = _instance()
    try:
        yield instance
    finally:
        instance.wipe()
