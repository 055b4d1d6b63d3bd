"""Read the rows of a file in any supported file format."""

import codecs
import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from featdisc_assets.formats.adapter import SourceError
from featdisc_assets.formats.adapters.claude_code import group_sessions, is_event
from featdisc_assets.formats.adapters.inspect_log import is_log, log_samples
from featdisc_assets.formats.parsing import hub
from featdisc_assets.formats.parsing.compression import DAMAGED, decompress, detect_compression
from featdisc_assets.formats.parsing.eval_archive import is_eval, sample_rows
from featdisc_assets.formats.parsing.json_rows import HEAD_BYTES
from featdisc_assets.formats.parsing.paths import file_suffix, find_files
from featdisc_assets.formats.parsing.rows import Row, batch_rows, parse_csv_rows, parse_json_rows

_TABLES = (".csv", ".tsv")
_BATCH_ROWS = 256
# Sessions are held in memory; beyond this size a file's sessions are yielded in parts.
_SESSION_BYTES = 128 * 2**20

_UNREADABLE = {
    b"BZh": "bzip2-compressed: unpack it, or use gzip or zstd",
    b"\xfd7zXZ": "xz-compressed: unpack it, or use gzip or zstd",
    codecs.BOM_UTF16_LE: "UTF-16 text: save it as UTF-8",
    codecs.BOM_UTF16_BE: "UTF-16 text: save it as UTF-8",
}


class SourceFile:
    """One file and its progress: `bytes_read` of `size` bytes.

    Args:
        path: the file.
        name: its name in the locations of rows; by default the path.
        source: the source of rows that name none; by default the file's name.
    """

    def __init__(self, path: Path, name: str = "", source: str = "") -> None:
        self.path = path
        self.name = name or str(path)
        self.source = source or path.name
        self.size = path.stat().st_size
        self._file: io.FileIO | None = None
        self._bytes_read = 0

    @property
    def bytes_read(self) -> int:
        """Bytes read so far, as stored on disk (compressed, if the file is)."""
        is_open = self._file is not None and not self._file.closed
        return max(self._bytes_read, self._file.tell() if self._file is not None and is_open else 0)

    def rows(self) -> Iterator[Row]:
        """Yield the rows in order; what cannot be read is a row with a problem.

        Raises:
            SourceError: if the file cannot be opened.
        """
        try:
            self._file = io.FileIO(self.path)
        except OSError as error:
            raise SourceError(f"cannot open {self.path}: {error.strerror}; check its permissions") from error
        with self._file as file:
            yield from _conversation_rows(self._rows(file))
        self._bytes_read = self.size

    def _rows(self, file: io.FileIO) -> Iterator[Row]:
        magic = file.read(8)
        file.seek(0)
        unreadable = next((why for sign, why in _UNREADABLE.items() if magic.startswith(sign)), None)
        if unreadable:
            yield Row("", problem=f"the file is {unreadable}", raw=magic)
        elif magic.startswith(b"PK\x03\x04") or file_suffix(self.path) == ".eval":
            yield from self._archive_rows()
        elif magic.startswith(b"PAR1") or file_suffix(self.path) == ".parquet":
            yield from self._batch_rows("Parquet", _parquet_batches(self.path))
        elif magic.startswith((b"ARROW1", b"\xff\xff\xff\xff")) or file_suffix(self.path) == ".arrow":
            yield from self._batch_rows("Arrow", _arrow_batches(self.path))
        else:
            yield from self._text_rows(file, detect_compression(magic))

    def _text_rows(self, file: io.FileIO, compression: str) -> Iterator[Row]:
        with decompress(file, compression) as stream:
            head = _head(stream)
        file.seek(0)
        location = "before any row"
        try:
            with decompress(file, compression) as stream:
                if file_suffix(self.path) in _TABLES and head.lstrip()[:1] not in (b"{", b"["):
                    rows = parse_csv_rows(stream, head)
                else:
                    rows = parse_json_rows(stream, head)
                for row in rows:
                    location = f"after {row.location}"
                    yield row
        except DAMAGED as error:
            reason = f"the {compression} archive is damaged or was cut off ({error}); the rows before that are read"
            yield Row(f" {location}", problem=reason)

    def _archive_rows(self) -> Iterator[Row]:
        if file_suffix(self.path) != ".eval" and not is_eval(self.path):
            yield Row("", problem="the file is a zip archive: unpack it")
            return
        for location, value, notes, problem in sample_rows(self.path):
            yield Row(location, value, problem, notes)

    def _batch_rows(self, file_format: str, batches: Iterator[tuple[pa.RecordBatch, int]]) -> Iterator[Row]:
        number = 0
        try:
            for batch, bytes_read in batches:
                for row in batch_rows(batch, number):
                    number += 1
                    yield row
                self._bytes_read = max(self._bytes_read, min(bytes_read, self.size))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            reason = str(error).partition("\n")[0]
            yield Row(
                f" after :{number}", problem=f"not readable as {file_format} ({reason}): is it still being written?"
            )


def _arrow_batches(path: Path) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Batches of an Arrow stream or file, as `datasets.save_to_disk` writes them, and the bytes read."""
    with pa.memory_map(str(path)) as source:
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        for batch in map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader:
            for start in range(0, batch.num_rows, _BATCH_ROWS):
                is_last = start + _BATCH_ROWS >= batch.num_rows
                yield batch.slice(start, _BATCH_ROWS), source.tell() if is_last else 0


def _parquet_batches(path: Path) -> Iterator[tuple[pa.RecordBatch, int]]:
    number, size = 0, path.stat().st_size
    with pq.ParquetFile(path, memory_map=True) as table:
        for batch in table.iter_batches(batch_size=_BATCH_ROWS):
            number += batch.num_rows
            yield batch, int(size * number / max(table.metadata.num_rows, 1))


def source_files(given: str | Path) -> list[SourceFile]:
    """The files that a path, folder or glob matches, or those of a Hugging Face dataset, which is downloaded.

    Raises:
        SourceError: if nothing readable matches.
    """
    if str(given).startswith(hub.SCHEME):
        # A dataset is one source: nobody compares its shards.
        return [SourceFile(path, name, str(given)) for path, name in hub.download(str(given))]
    return [SourceFile(path) for path in find_files(given)]


def fingerprint(paths: Sequence[str | Path]) -> list[tuple[str, int, int]]:
    """List the files that sources match now, with size in bytes and modification time in nanoseconds.

    Missing files and remote datasets are left out. Equal fingerprints mean that the files have not changed.

    Args:
        paths: files, folders and globs, as they were given.

    Returns:
        Absolute path, size and mtime of each file, sorted, each file once.
    """
    found: dict[str, tuple[int, int]] = {}
    for given in paths:
        if "://" in str(given):
            continue
        with contextlib.suppress(SourceError):
            for path in find_files(given):
                # A file may be deleted after it was listed.
                with contextlib.suppress(FileNotFoundError):
                    status = path.stat()
                    found[str(path.resolve())] = (status.st_size, status.st_mtime_ns)
    return sorted((path, size, changed) for path, (size, changed) in found.items())


def _conversation_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """Make one row per conversation: lines of a session are grouped, logs are split into their samples."""
    events: list[dict[str, Any]] = []
    held = 0
    for row in rows:
        if isinstance(row.value, dict) and is_event(row.value):
            events.append(row.value)
            held += len(row.raw)
            if held > _SESSION_BYTES:
                yield from _sessions(events)
                events, held = [], 0
        elif is_log(row.value):
            for number, sample in enumerate(log_samples(row.value)):
                yield Row(f"{row.location}/samples[{number}]", sample, notes=row.notes)
        else:
            yield row
    yield from _sessions(events)


def _sessions(events: list[dict[str, Any]]) -> Iterator[Row]:
    for session in group_sessions(events):
        yield Row(f" session {session['claude_code_session']}", session)


def _head(stream: io.BufferedReader) -> bytes:
    head = b""
    # Reading the rows meets the same damage again and reports it.
    with contextlib.suppress(*DAMAGED):
        while len(head) < HEAD_BYTES and (more := stream.read1(HEAD_BYTES - len(head))):
            head += more
    return head
