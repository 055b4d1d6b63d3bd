"""The rows of one file, whatever kind of file it is."""

import codecs
import contextlib
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from featdisc_assets.formats.adapter import RowError, SourceError
from featdisc_assets.formats.json_rows import HEAD_BYTES, MAX_ROW_BYTES, layout, line_rows, nested_rows
from featdisc_assets.formats.json_text import parse, scrub
from featdisc_assets.formats.paths import ending

_TABLES = (".csv", ".tsv")
_BATCH_ROWS = 256
_DAMAGED_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)

_UNREADABLE = {
    b"PK\x03\x04": "a zip archive: unpack it",
    b"\x28\xb5\x2f\xfd": "zstd-compressed: unpack it, or use gzip",
    b"BZh": "bzip2-compressed: unpack it, or use gzip",
    b"\xfd7zXZ": "xz-compressed: unpack it, or use gzip",
    codecs.BOM_UTF16_LE: "UTF-16 text: save it as UTF-8",
    codecs.BOM_UTF16_BE: "UTF-16 text: save it as UTF-8",
}


@dataclass(slots=True)
class Row:
    """One row of a file: its value or, if it cannot be had, the problem. `raw` is what stood in the file, if text."""

    place: str
    value: Any = None
    problem: str | None = None
    notes: dict[str, int] = field(default_factory=dict)
    raw: bytes = b""

    def excerpt(self) -> str:
        """The first 200 characters, for a person to recognise the row."""
        text = self.raw[:800].decode("utf-8", "replace") if self.raw else _outline(self.value)
        return text.replace("\0", "").encode("utf-8", "replace").decode()[:200].strip()


class SourceFile:
    """One file, read from beginning to end. `done` is the bytes of it read so far, `size` all of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._file: io.FileIO | None = None
        self._done = 0

    @property
    def done(self) -> int:
        """Bytes read so far, as they lie on the disk (compressed, if the file is)."""
        is_open = self._file is not None and not self._file.closed
        return max(self._done, self._file.tell() if self._file is not None and is_open else 0)

    def rows(self) -> Iterator[Row]:
        """Give out the rows one after another; what cannot be read is a row with a problem.

        Raises:
            SourceError: if the file cannot be opened.
        """
        try:
            self._file = io.FileIO(self.path)
        except OSError as error:
            raise SourceError(f"cannot open {self.path}: {error.strerror}; check its permissions") from error
        with self._file as file:
            magic = file.read(8)
            file.seek(0)
            unreadable = next((why for sign, why in _UNREADABLE.items() if magic.startswith(sign)), None)
            if unreadable:
                yield Row("", problem=f"the file is {unreadable}", raw=magic)
            elif magic.startswith(b"PAR1") or ending(self.path) == ".parquet":
                yield from self._parquet_rows()
            else:
                yield from self._text_rows(file, is_gzip=magic.startswith(b"\x1f\x8b"))
        self._done = self.size

    def _text_rows(self, file: io.FileIO, *, is_gzip: bool) -> Iterator[Row]:
        with _buffered(file, is_gzip=is_gzip) as stream:
            head = _head(stream)
        file.seek(0)
        place = "before any row"
        try:
            with _buffered(file, is_gzip=is_gzip) as stream:
                if ending(self.path) in _TABLES and head.lstrip()[:1] not in (b"{", b"["):
                    rows = _csv_rows(stream, head)
                else:
                    rows = _json_rows(stream, head)
                for row in rows:
                    place = f"after {row.place}"
                    yield row
        except _DAMAGED_GZIP as error:
            reason = f"the gzip archive is damaged or was cut off ({error}); the rows before that are read"
            yield Row(f" {place}", problem=reason)

    def _parquet_rows(self) -> Iterator[Row]:
        number = 0
        try:
            with pq.ParquetFile(self.path, memory_map=True) as table:
                for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                    for value in batch.to_pylist():
                        number += 1
                        notes: dict[str, int] = {}
                        yield Row(f":{number}", scrub(value, notes), notes=notes)
                    self._done = int(self.size * number / max(table.metadata.num_rows, 1))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            reason = str(error).partition("\n")[0]
            yield Row(f" after :{number}", problem=f"not readable as Parquet ({reason}): is it still being written?")


class _Gunzip(io.RawIOBase):
    """Unpacks gzip a little at a time: a larger read that meets damage would throw away the good bytes before it."""

    def __init__(self, file: io.FileIO) -> None:
        self._gzip = gzip.GzipFile(fileobj=file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        data = self._gzip.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _buffered(file: io.FileIO, *, is_gzip: bool) -> io.BufferedReader:
    return io.BufferedReader(_Gunzip(file) if is_gzip else io.FileIO(file.fileno(), closefd=False), 2**20)


def _head(stream: io.BufferedReader) -> bytes:
    head = b""
    # Damage this early is met again, and told, when the rows are read.
    with contextlib.suppress(*_DAMAGED_GZIP):
        while len(head) < HEAD_BYTES and (more := stream.read1(HEAD_BYTES - len(head))):
            head += more
    return head


def _json_rows(stream: BinaryIO, head: bytes) -> Iterator[Row]:
    kind = layout(head, is_whole=len(head) < HEAD_BYTES)
    for place, raw, problem in line_rows(stream) if kind == "lines" else nested_rows(stream, kind):
        row = Row(place, problem=problem, raw=raw)
        if problem is None:
            try:
                row.value = parse(raw, row.notes)
            except RowError as error:
                row.problem = str(error)
                if kind == "lines" and not raw.endswith(b"\n"):
                    row.problem = "the last line has no end: the file is still being written, or was cut off"
            except RecursionError:
                row.problem = "nested too deeply to be read"
        yield row


def _csv_rows(stream: BinaryIO, head: bytes) -> Iterator[Row]:
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


def _outline(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        return ", ".join(f"{key}={str(item)[:60]}" for key, item in list(value.items())[:8])
    return str(value)[:200]
