"""Print the result of a query as a table, CSV or JSON."""

import csv
import datetime as dt
import json
import sys
from decimal import Decimal
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text


def show(result: pa.Table, format_: str) -> None:
    """Print the result of a query.

    Args:
        result: The rows.
        format_: `table`, `csv` or `json` (an array of objects).
    """
    if format_ == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.schema.names)
        for batch in result.to_batches(max_chunksize=10_000):
            writer.writerows(zip(*(map(_plain, column.to_pylist()) for column in batch.columns), strict=True))
    elif format_ == "json":
        json.dump(result.to_pylist(), sys.stdout, ensure_ascii=False, indent=1, default=_as_json)
        sys.stdout.write("\n")
    else:
        _show_table(result)


def _show_table(result: pa.Table, *, max_rows: int = 200) -> None:
    if result.num_columns > 12:
        _show_records(result.slice(0, 20))
        return
    table = Table(pad_edge=False, show_edge=False)
    for column in result.schema:
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        table.add_column(Text(column.name), justify="right" if number else "left", overflow="fold")
    for row in result.slice(0, max_rows).to_pylist():
        # As Text, because rich would read brackets in transcripts as markup.
        table.add_row(*(Text(_short(value)) for value in row.values()))
    # Without a terminal rich assumes 80 columns and would fold every row.
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    if result.num_rows > max_rows:
        sys.stderr.write(f"the first {max_rows} of {result.num_rows:,} rows; --format csv prints them all\n")


def _show_records(result: pa.Table) -> None:
    """Rows with many columns, one value per line."""
    table = Table(pad_edge=False, show_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for row in result.to_pylist():
        for name, value in row.items():
            table.add_row(Text(name), Text(_short(value)))
        table.add_section()
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _short(value: Any) -> str:  # noqa: ANN401 - as SQL has it
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    text = str(_plain(value))
    return "".join(char if char.isprintable() or char == "\n" else f"[U+{ord(char):04X}]" for char in text)


def _plain(value: Any) -> Any:  # noqa: ANN401 - as SQL has it
    return json.dumps(value, ensure_ascii=False, default=_as_json) if isinstance(value, list | dict) else value


def _as_json(value: object) -> object:
    if isinstance(value, Decimal):
        # DuckDB sums integers in 128 bits, which Arrow converts to decimals.
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else str(value)
