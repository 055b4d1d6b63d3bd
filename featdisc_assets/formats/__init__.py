"""Reading sources: any file of conversations, row by row, into transcripts."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from featdisc_assets.formats.adapter import Adapter, Origin, RowError, SourceError
from featdisc_assets.formats.files import Row, SourceFile
from featdisc_assets.formats.identity import Duplicates
from featdisc_assets.formats.openai_chat import OPENAI_CHAT
from featdisc_assets.formats.paths import find_files, fingerprint
from featdisc_assets.formats.tables import TABLES
from featdisc_assets.transcript import Rejected, Transcript

__all__ = ["FORMATS", "Adapter", "Origin", "RowError", "SourceError", "fingerprint", "read"]

# In order of precedence: where two find as many marks of theirs in a row, the first reads it.
FORMATS: dict[str, Adapter] = {adapter.name: adapter for adapter in (OPENAI_CHAT, TABLES)}

_PROGRESS_ROWS = 256


def read(
    paths: Sequence[str | Path] | str | Path,
    *,
    format: str = "auto",
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Transcript | Rejected]:
    """Read transcripts from files, folders and globs, one row at a time.

    Rows are told apart by their content, each for itself, so a folder may mix formats. A row that cannot be read comes
    out as `Rejected` with file, line and reason, and the rest loads. See `Duplicates` for ids that occur twice.

    Args:
        paths: files (`.jsonl`, `.ndjson`, `.json`, `.csv`, `.tsv`, `.parquet`, the text ones also as `.gz`), folders
            (searched to any depth, hidden files passed over) and globs. A file named twice is read once.
        format: the name of a format in `FORMATS`, or `auto`.
        on_progress: called now and then with the bytes read so far and the bytes in all, as they lie on the disk.

    Returns:
        An iterator over transcripts and rejected rows, in the order of the paths, the sorted files and their rows.

    Raises:
        SourceError: at once if a path names nothing readable or the format is unknown; at a path's end, after all its
            rejected rows, if not one transcript was read from it.
    """
    if format != "auto" and format not in FORMATS:
        raise SourceError(f"the format {format!r} is unknown: use auto or one of {', '.join(FORMATS)}")
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise SourceError("no path is given: name at least one file, folder or glob")
    sources: list[tuple[str, list[SourceFile]]] = []
    seen: set[Path] = set()
    for name in given:
        files = [path for path in find_files(name) if path.resolve() not in seen]
        seen.update(path.resolve() for path in files)
        if files:
            sources.append((str(name), [SourceFile(path) for path in files]))
    return _read(sources, None if format == "auto" else FORMATS[format], on_progress)


def _read(
    sources: list[tuple[str, list[SourceFile]]],
    adapter: Adapter | None,
    on_progress: Callable[[int, int], None] | None,
) -> Iterator[Transcript | Rejected]:
    total = sum(file.size for _, files in sources for file in files)
    before = 0
    duplicates = Duplicates()
    for name, files in sources:
        any_transcript = False
        reasons: Counter[str] = Counter()
        for file in files:
            for number, row in enumerate(file.rows()):
                if on_progress is not None and number % _PROGRESS_ROWS == 0:
                    on_progress(before + file.done, total)
                location = f"{file.path}{row.place}"
                try:
                    transcript = _transcript(row, adapter, file.path.name)
                except RowError as error:
                    reasons[str(error)] += 1
                    yield Rejected(file.path.name, location, str(error), row.excerpt())
                    continue
                any_transcript = True
                yield duplicates.admit(transcript, location, row.excerpt)
            before += file.size
        if on_progress is not None:
            on_progress(before, total)
        if not any_transcript:
            raise SourceError(_nothing_read(name, reasons))


def _transcript(row: Row, adapter: Adapter | None, source: str) -> Transcript:
    if row.problem is not None:
        raise RowError(row.problem)
    try:
        chosen = adapter or _vote(row.value)
        return chosen.read(row.value, Origin(source, row.notes))
    except RecursionError:
        raise RowError("nested too deeply to be read") from None


def _vote(value: object) -> Adapter:
    """The format that finds the most marks of its own in a row."""
    marks, chosen = 0, None
    for adapter in FORMATS.values():
        if (found := adapter.marks(value)) > marks:
            marks, chosen = found, adapter
    if chosen is not None:
        return chosen
    if isinstance(value, dict):
        fields = ", ".join(sorted(str(key)[:40] for key in value)[:20]) or "none"
        raise RowError(f"no known format and no column for a thought or response; fields: {fields}")
    raise RowError(f"a row of type {type(value).__name__} is no conversation: give a record, or a list of messages")


def _nothing_read(name: str, reasons: Counter[str]) -> str:
    if not reasons:
        return f"{name} holds no rows: give a file with at least one transcript"
    reason, times = reasons.most_common(1)[0]
    total = reasons.total()
    rows = f"all {total:,} rows were rejected, {times:,} of them" if total > 1 else "its row was rejected"
    return f"no transcript could be read from {name}: {rows} because: {reason} (mend the file, or name its format)"
