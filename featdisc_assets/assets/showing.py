"""What an asset tells the UI about the table it wrote: rows, columns, a preview."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from featdisc_assets.warehouse import Warehouse


def table_metadata(warehouse: Warehouse, table: str, *, preview: str | None = None) -> dict[str, Any]:
    """Row count, column types and, where a query is given, its rows as a table.

    Args:
        warehouse: Where the table is.
        table: A table or view.
        preview: A select of a few rows that tell a person most about the table.
    """
    columns = warehouse.rows(f"select column_name, column_type from (describe {table})")
    metadata: dict[str, Any] = {
        "dagster/row_count": warehouse.scalar(f"select count(*) from {table}"),
        "dagster/column_schema": dg.TableSchema(
            columns=[dg.TableColumn(name=column["column_name"], type=column["column_type"]) for column in columns]
        ),
        "dagster/relation_identifier": table,
    }
    if preview is not None:
        rows = warehouse.rows(preview)
        if rows:
            metadata["preview"] = dg.MetadataValue.md(markdown_table(rows))
    return metadata


def markdown_table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a Markdown table, with every cell on one line and unable to break out of it."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


# Anything Markdown could read as markup: a transcript's words must show as words.
_ESCAPES = {ord(mark): f"\\{mark}" for mark in "\\`*_{}[]()#+-!|~>"} | {ord("<"): "&lt;", ord("&"): "&amp;"}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    return " ".join(str(value).split())[:120].translate(_ESCAPES)
