"""What an asset tells the UI about the table it wrote, and the trail it leaves in the warehouse itself."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from featdisc_assets.graph.run_log import Step, write_step
from featdisc_assets.graph.versions import data_version
from featdisc_assets.warehouse import Warehouse

Row = dict[str, Any]

# Comments on columns stand in the database; the UI shows them as the columns' descriptions.
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
    """The end of every asset that writes a table: rows, columns, preview and data version, and a row of `run_assets`.

    Args:
        context: Of the asset.
        warehouse: Where the table is.
        table: Its name, which is the asset's.
        preview: A select of a few rows that tell a person most about the table.
        versioned: The columns that decide whether what comes after is out of date; none for all.
        figures: Further metadata; numbers among them are kept in the trail too.
    """
    with warehouse.hold():
        metadata = table_metadata(warehouse, table, preview=preview) | (figures or {})
        version = data_version(warehouse, table, versioned)
    write_step(warehouse, Step.of(context, table, version.value, metadata["dagster/row_count"], figures or {}))
    return dg.MaterializeResult(asset_key=table, metadata=metadata, data_version=version)


def table_metadata(warehouse: Warehouse, table: str, *, preview: str | None = None) -> dict[str, Any]:
    """Row count, columns with types and comments and, where a query is given, its rows as a table."""
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
    """Rows as a Markdown table, with every cell on one line and unable to break out of it."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def checked_by_kind(
    rows: Sequence[Row],
    figure: str,
    *,
    shown: str,
    is_amiss: Callable[[float], bool],
    complain: Callable[[Row], str],
    well: str,
) -> dg.AssetCheckResult:
    """The result of a check that looks at each kind: a warning with one sentence a kind that is not well.

    Args:
        rows: One a kind, those that are well too.
        figure: The column that decides.
        shown: What the figure is, with `{kind}` where the kind stands.
        is_amiss: Whether a figure is past its limit.
        complain: The sentence for a kind: figure, limit, what to do.
        well: What is said where none is amiss.
    """
    complaints = [complain(row) for row in rows if is_amiss(row[figure])]
    return dg.AssetCheckResult(
        passed=not complaints,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(complaints) or well,
        metadata={shown.format(kind=row["kind"]): row[figure] for row in rows},
    )


# Anything Markdown could read as markup: a transcript's words must show as words.
_ESCAPES = {ord(mark): f"\\{mark}" for mark in "\\`*_{}[]()#+-!|~>"} | {ord("<"): "&lt;", ord("&"): "&amp;"}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    return " ".join(str(value).split())[:120].translate(_ESCAPES)
