"""The metadata of an asset that wrote a table: rows, columns, preview, data version; and its row in the run log."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from featdisc_assets.graph.run_log import Step, write_step
from featdisc_assets.graph.versions import data_version
from featdisc_assets.warehouse import Warehouse

# The UI shows the comments on columns as their descriptions.
_COLUMNS = """
select column_name, data_type, comment from duckdb_columns()
where table_name = $1 and database_name = current_database() order by column_index
"""


def materialized(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    table: str,
    *,
    preview: str | None = None,
    versioned: Sequence[str] = (),
    figures: dict[str, Any] | None = None,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The result of an asset that wrote a table; also writes a row of `run_assets`.

    Args:
        context: The asset's context.
        warehouse: The warehouse of the table.
        table: The name of the table and of the asset.
        preview: A select of the few most informative rows.
        versioned: The columns whose changes make downstream assets out of date; none for all.
        figures: Further metadata; the run log keeps the numbers among them too.
    """
    with warehouse.hold():
        metadata = table_metadata(warehouse, table, preview=preview) | (figures or {})
        version = data_version(warehouse, table, versioned)
    write_step(warehouse, Step.of(context, table, version.value, metadata["dagster/row_count"], figures or {}))
    return dg.MaterializeResult(asset_key=table, metadata=metadata, data_version=version)


def table_metadata(warehouse: Warehouse, table: str, *, preview: str | None = None) -> dict[str, Any]:
    """Row count, columns with types and comments, and the rows of the select `preview` as a table."""
    with warehouse.hold():
        columns = warehouse.rows(_COLUMNS, [table])
        count = warehouse.scalar(f"select count(*) from {table}")
        rows = [] if preview is None else warehouse.rows(preview)
    metadata: dict[str, Any] = {
        "dagster/row_count": count,
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(name=column["column_name"], type=column["data_type"], description=column["comment"])
                for column in columns
            ]
        ),
        "dagster/relation_identifier": table,
    }
    if rows:
        metadata["preview"] = dg.MetadataValue.md(markdown_table(rows))
    return metadata


def markdown_table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a Markdown table, each cell on one line and with its markup escaped."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


# Markdown in a transcript must show as text.
_ESCAPES = {ord(mark): f"\\{mark}" for mark in "\\`*_{}[]()#+-!|~>"} | {ord("<"): "&lt;", ord("&"): "&amp;"}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    return " ".join(str(value).split())[:120].translate(_ESCAPES)
