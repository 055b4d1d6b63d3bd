"""An answer of the warehouse as a table for people, CSV for spreadsheets or JSON for programs."""

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


def show(answer: pa.Table, format_: str) -> None:
    """Print an answer.

    Args:
        answer: The rows.
        format_: `table`, `csv` or `json` (an array of objects).
    """
    if format_ == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.schema.names)
        for batch in answer.to_batches(max_chunksize=10_000):
            writer.writerows(zip(*(map(_plain, column.to_pylist()) for column in batch.columns), strict=True))
    elif format_ == "json":
        json.dump(answer.to_pylist(), sys.stdout, ensure_ascii=False, indent=1, default=_as_json)
        sys.stdout.write("\n")
    else:
        _show_table(answer)


def _show_table(answer: pa.Table, *, most: int = 200) -> None:
    if answer.num_columns > 12:
        _show_records(answer.slice(0, 20))
        return
    table = Table(pad_edge=False, show_edge=False)
    for column in answer.schema:
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        table.add_column(Text(column.name), justify="right" if number else "left", overflow="fold")
    for row in answer.slice(0, most).to_pylist():
        # As Text: a transcript's brackets are no markup of ours.
        table.add_row(*(Text(_short(value)) for value in row.values()))
    # Piped, rich would take 80 columns for the terminal's width and fold every row.
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    if answer.num_rows > most:
        sys.stderr.write(f"the first {most} of {answer.num_rows:,} rows; --format csv prints them all\n")


def _show_records(answer: pa.Table) -> None:
    """Rows of many columns, one value a line."""
    table = Table(pad_edge=False, show_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for row in answer.to_pylist():
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
        # DuckDB adds integers up in 128 bits, which Arrow hands over as decimals.
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else str(value)
