"""The views of sql/marts, one asset each."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from featdisc_assets.graph.lineage import column_lineage
from featdisc_assets.graph.metadata import table_metadata
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.warehouse.marts import marts


@dg.multi_asset(
    name="marts",
    group_name="marts",
    can_subset=True,
    specs=[
        dg.AssetSpec(
            mart.name,
            deps=sorted(mart.reads),
            kinds={"duckdb", "view"},
            description=mart.grain,
            code_version=code_version(mart.sql),
        )
        for mart in marts()
    ],
)
def mart_views(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Create each view from its file again, so that edits apply, and preview its first rows."""
    db = warehouse.open()
    columns: dict[str, list[str]] = {}
    for row in db.rows("select table_name, column_name from duckdb_columns() where not internal order by column_index"):
        columns.setdefault(row["table_name"], []).append(row["column_name"])
    selected = [mart for mart in marts() if dg.AssetKey(mart.name) in context.selected_asset_keys]
    db.make_views(*selected)
    with db.hold():
        results: list[dg.MaterializeResult[Any]] = [
            dg.MaterializeResult(
                asset_key=mart.name,
                metadata=table_metadata(db, mart.name, preview=f"from {mart.name} limit 10")
                | {"dagster/column_lineage": column_lineage(mart.name, mart.sql, columns)},
            )
            for mart in selected
        ]
    yield from results
