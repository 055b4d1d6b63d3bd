"""Make rows of JSON text, CSV text and Arrow batches."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa

from featdisc_assets.formats.adapter import RowError
from featdisc_assets.formats.parsing.json_rows import HEAD_BYTES, MAX_ROW_BYTES, detect_layout, line_rows, nested_rows
from featdisc_assets.formats.parsing.json_text import parse_json, scrub


@dataclass(slots=True)
class Row:
    """One row of a file: its value, or the problem that kept it from being read. `raw` is its text in the file."""

    location: str
    value: Any = None
    problem: str | None = None
    notes: dict[str, int] = field(default_factory=dict)
    raw: bytes = b""

    def excerpt(self) -> str:
        """The first 200 characters, by which a person recognises the row."""
        text = self.raw[:800].decode("utf-8", "replace") if self.raw else _value_excerpt(self.value)
        return text.replace("\0", "").encode("utf-8", "replace").decode()[:200].strip()


def parse_json_rows(stream: BinaryIO, head: bytes) -> Iterator[Row]:
    """Yield the rows of a JSON file that begins with `head`."""
    kind = detect_layout(head, is_whole=len(head) < HEAD_BYTES)
    for location, raw, problem in line_rows(stream) if kind == "lines" else nested_rows(stream, kind):
        row = Row(location, problem=problem, raw=raw)
        if problem is None:
            try:
                row.value = parse_json(raw, row.notes)
            except RowError as error:
                row.problem = str(error)
                if kind == "lines" and not raw.endswith(b"\n"):
                    row.problem = "the last line has no end: the file is still being written, or was cut off"
            except RecursionError:
                row.problem = "nested too deeply to be read"
        yield row


def parse_csv_rows(stream: BinaryIO, head: bytes) -> Iterator[Row]:
    """Yield the rows of a CSV file that begins with `head`, whose first line shows the delimiter."""
    csv.field_size_limit(MAX_ROW_BYTES)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    delimiter = max(",;\t", key=head.partition(b"\n")[0].decode("utf-8", "replace").count)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(f":{reader.line_num}", problem=f"not readable as CSV ({error}): is a quote left open?")
            continue
        if cells is None:
            return
        if columns is None:
            columns = cells
        elif len(cells) != len(columns):
            if cells:
                reason = f"{len(cells)} fields where the header has {len(columns)}"
                yield Row(
                    f":{reader.line_num}", problem=reason, raw=delimiter.join(cells)[:400].encode("utf-8", "replace")
                )
        else:
            notes: dict[str, int] = {}
            value = scrub(dict(zip(columns, cells, strict=True)), notes)
            yield Row(f":{reader.line_num}", value, notes=notes)


def batch_rows(batch: pa.RecordBatch, n_before: int) -> Iterator[Row]:
    """Yield the rows of an Arrow batch, which follow `n_before` others."""
    for number, value in enumerate(batch.to_pylist(), n_before + 1):
        notes: dict[str, int] = {}
        yield Row(f":{number}", scrub(value, notes), notes=notes)


def _value_excerpt(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        return ", ".join(f"{key}={str(item)[:60]}" for key, item in list(value.items())[:8])
    return str(value)[:200]
