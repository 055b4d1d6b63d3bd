"""The run log in the warehouse (`runs`, `run_assets`): which run wrote which table, with what settings and code."""

import datetime as dt
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Self

import dagster as dg

from featdisc_assets.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Step:
    """One asset that a run materialised.

    Attributes:
        run_id: Dagster's id of the run.
        job: Name of the job.
        started_at: When the run started, UTC without a zone.
        asset: The table.
        code_version: Hash of the code and settings that decide its rows.
        data_version: Hash of its rows.
        n_rows: Number of rows.
        config: The settings of the run.
        figures: Numbers from its metadata.
    """

    run_id: str
    job: str
    started_at: dt.datetime
    asset: str
    code_version: str | None
    data_version: str
    n_rows: int
    config: dict[str, Any]
    figures: dict[str, float | int]

    @classmethod
    def of(
        cls, context: dg.AssetExecutionContext, asset: str, data_version: str, n_rows: int, figures: dict[str, Any]
    ) -> Self:
        """The step of a context."""
        record = context.instance.get_run_record_by_id(context.run.run_id)
        seconds = record.start_time if record else None
        started = dt.datetime.now(dt.UTC) if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
        numbers = {name: value for name, value in figures.items() if isinstance(value, int | float)}
        return cls(
            run_id=context.run.run_id,
            job=context.run.job_name,
            started_at=started.replace(tzinfo=None),
            asset=asset,
            code_version=context.assets_def.code_versions_by_key.get(dg.AssetKey(asset)),
            data_version=data_version,
            n_rows=n_rows,
            config=dict(context.op_execution_context.op_config or {}),
            figures=numbers,
        )


def write_step(warehouse: Warehouse, step: Step) -> None:
    """Write a step, and the run if this is its first step."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    with warehouse.transaction() as connection:
        connection.execute(
            "insert into runs select $1, $2, $3, $4, $5 where not exists (from runs where run_id = $1)",
            [step.run_id, step.job, step.started_at, now, version("featdisc")],
        )
        connection.execute("update runs set ended_at = $2 where run_id = $1", [step.run_id, now])
        connection.execute("delete from run_assets where run_id = $1 and asset = $2", [step.run_id, step.asset])
        connection.execute(
            """
            insert into run_assets by name
            select
                $1 as run_id, $2 as asset, $3 as ended_at, $4 as code_version, $5 as data_version, $6 as n_rows,
                $7 as config, $8 as figures,
                $5 is distinct from (
                    select max_by(data_version, ended_at) from run_assets where asset = $2
                ) as is_changed""",
            [
                step.run_id,
                step.asset,
                now,
                step.code_version,
                step.data_version,
                step.n_rows,
                json.dumps(step.config, sort_keys=True, default=str),
                json.dumps(step.figures, sort_keys=True),
            ],
        )
