"""Read sources in any known format, row by row, into transcripts."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError, SourceError
from featdisc_assets.formats.adapters.anthropic import ANTHROPIC
from featdisc_assets.formats.adapters.claude_code import CLAUDE_CODE
from featdisc_assets.formats.adapters.claude_export import CLAUDE_EXPORT
from featdisc_assets.formats.adapters.gemini import GEMINI
from featdisc_assets.formats.adapters.given import GivenFeatures, read_features
from featdisc_assets.formats.adapters.inspect_log import INSPECT
from featdisc_assets.formats.adapters.lmsys import LMSYS
from featdisc_assets.formats.adapters.mapping import mapped_adapter, parse_map
from featdisc_assets.formats.adapters.openai_chat import OPENAI_CHAT
from featdisc_assets.formats.adapters.openai_responses import OPENAI_RESPONSES
from featdisc_assets.formats.adapters.sharegpt import SHAREGPT
from featdisc_assets.formats.adapters.tables import TABLES
from featdisc_assets.formats.adapters.wildchat import WILDCHAT
from featdisc_assets.formats.parsing.files import SourceFile, fingerprint, source_files
from featdisc_assets.formats.parsing.identity import Duplicates
from featdisc_assets.formats.parsing.kinds import KindCounts
from featdisc_assets.formats.parsing.redaction import Redactor
from featdisc_assets.formats.parsing.rows import Row
from featdisc_assets.transcript import Rejected, Transcript

__all__ = [
    "FORMATS",
    "Adapter",
    "GivenFeatures",
    "Origin",
    "Reading",
    "RowError",
    "SourceError",
    "detect_format",
    "fingerprint",
    "read",
    "read_features",
]

# In order of precedence: of two adapters with the same score for a row, the first reads it.
FORMATS: dict[str, Adapter] = {
    adapter.name: adapter
    for adapter in (
        *(OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC, CLAUDE_CODE, CLAUDE_EXPORT, GEMINI, SHAREGPT, LMSYS, WILDCHAT),
        *(INSPECT, TABLES),
    )
}

_PROGRESS_ROWS = 256
# Homes made before fields of `Reading` were renamed store the names on the left (table `sources`, column `reading`).
_FORMER_FIELDS = {
    "mapping": "map",
    "keeps_tools": "tools",
    "redacts": "redact",
    "allows_empty": "allow_empty",
    "holds_features": "features",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How sources are read.

    Args:
        format: the name of a format in `FORMATS`, or `auto` to detect the format of each row.
        map: `FIELD=PATH` and `role:NAME=ROLE` for unknown columns, see `parse_map`; takes precedence over `format`.
        tools: whether tool traffic is kept as the text of a fourth kind.
        redact: whether personal data and secrets in the texts are replaced by placeholders.
        allow_empty: whether a source may have fields for a kind but no text of it.
        features: whether the sources hold features made elsewhere, to be read by `read_features` instead of `read`.
    """

    format: str = "auto"
    map: tuple[str, ...] = ()
    tools: bool = False
    redact: bool = False
    allow_empty: bool = False
    features: bool = False

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "Reading":
        """Restore a stored `asdict`, with the field names of today or of earlier versions."""
        known = {_FORMER_FIELDS.get(name, name): value for name, value in stored.items()}
        return cls(**known | {"map": tuple(known.get("map", ()))})

    def adapter(self) -> Adapter | None:
        """The adapter for every row, or None to detect the format of each.

        Raises:
            SourceError: if the format is unknown or the map is invalid.
        """
        if self.map:
            return mapped_adapter(parse_map(self.map))
        if self.format != "auto" and self.format not in FORMATS:
            raise SourceError(f"the format {self.format!r} is unknown: use auto or one of {', '.join(FORMATS)}")
        return None if self.format == "auto" else FORMATS[self.format]


def read(
    paths: Sequence[str | Path] | str | Path,
    *,
    format: str = "auto",
    reading: Reading | None = None,
    salt: bytes = b"",
    on_progress: Callable[[int, int], None] | None = None,
    format_counts: Counter[str] | None = None,
) -> Iterator[Transcript | Rejected]:
    """Read transcripts from files, folders and globs, one row at a time.

    The format of each row is detected by its content, so a folder may mix formats. A row that cannot be read is
    returned as `Rejected` with its location and the reason, and the rest loads. `Duplicates` handles repeated ids.

    Args:
        paths: files (`.jsonl`, `.ndjson`, `.json`, `.csv`, `.tsv`, also as `.gz` or `.zst`; `.parquet`, `.arrow`,
            `.eval`), folders (searched recursively, without hidden files), globs, and datasets of the Hugging Face Hub
            as `hf://datasets/OWNER/NAME[@REVISION][/PATH]`. A file named twice is read once.
        format: short for `reading=Reading(format)`.
        reading: how to read.
        salt: the key of the hash that identifies a person.
        on_progress: called regularly with the bytes read so far and in all, as stored on disk.
        format_counts: counts the rows read as each format.

    Returns:
        An iterator over transcripts and rejected rows, in the order of the paths, the sorted files and their rows.

    Raises:
        SourceError: at once if a path matches nothing readable or the format is unknown; at a path's end, after its
            rejected rows, if it holds no transcript, or no text of a kind that its rows have fields for.
    """
    reading = reading or Reading(format)
    adapter = reading.adapter()
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise SourceError("no path is given: name at least one file, folder or glob")
    sources: list[tuple[str, list[SourceFile]]] = []
    seen: set[Path] = set()
    for name in given:
        files = [file for file in source_files(name) if file.path.resolve() not in seen]
        seen.update(file.path.resolve() for file in files)
        if files:
            sources.append((str(name), files))
    redactor = Redactor() if reading.redact else None
    format_counts = Counter() if format_counts is None else format_counts
    return _read(sources, _RowReader(adapter, reading, salt, redactor, format_counts), on_progress)


def _read(
    sources: list[tuple[str, list[SourceFile]]],
    rows: "_RowReader",
    on_progress: Callable[[int, int], None] | None,
) -> Iterator[Transcript | Rejected]:
    total = sum(file.size for _, files in sources for file in files)
    before = 0
    duplicates = Duplicates()
    for name, files in sources:
        kinds = KindCounts()
        reasons: Counter[str] = Counter()
        for file in files:
            for number, row in enumerate(file.rows()):
                if on_progress is not None and number % _PROGRESS_ROWS == 0:
                    on_progress(before + file.bytes_read, total)
                location = f"{file.name}{row.location}"
                try:
                    transcript = rows.transcript(row, file.source)
                except RowError as error:
                    reasons[str(error)] += 1
                    yield Rejected(file.source, location, str(error), row.excerpt())
                    continue
                kinds.add(transcript)
                yield duplicates.resolve(transcript, location, row.excerpt)
            before += file.size
        if on_progress is not None:
            on_progress(before, total)
        if not kinds.n_transcripts:
            raise SourceError(_no_transcript_message(name, reasons))
        if not rows.reading.allow_empty and (problem := kinds.problem(name)):
            raise SourceError(problem)


@dataclass(slots=True)
class _RowReader:
    """Reads single rows."""

    adapter: Adapter | None
    reading: Reading
    salt: bytes
    redactor: Redactor | None
    format_counts: Counter[str]

    def transcript(self, row: Row, source: str) -> Transcript:
        if row.problem is not None:
            raise RowError(row.problem)
        try:
            chosen = self.adapter or detect_format(row.value)
            found = chosen.read(row.value, Origin(source, row.notes, self.reading.tools, self.salt))
        except RecursionError:
            raise RowError("nested too deeply to be read") from None
        self.format_counts[chosen.name] += 1
        return self.redactor.redact(found) if self.redactor else found


def detect_format(value: object) -> Adapter:
    """The format with the highest score for a row.

    Raises:
        RowError: if no format recognises the row.
    """
    score, chosen = 0, None
    for adapter in FORMATS.values():
        if (found := adapter.score(value)) > score:
            score, chosen = found, adapter
    if chosen is not None:
        return chosen
    if isinstance(value, dict):
        fields = ", ".join(sorted(str(key)[:40] for key in value)[:20]) or "none"
        raise RowError(f"no known format and no column for a thought or response; fields: {fields}")
    raise RowError(f"a row of type {type(value).__name__} is no conversation: give a record, or a list of messages")


def _no_transcript_message(name: str, reasons: Counter[str]) -> str:
    if not reasons:
        return f"{name} holds no rows: give a file with at least one transcript"
    reason, times = reasons.most_common(1)[0]
    total = reasons.total()
    rows = f"all {total:,} rows were rejected, {times:,} of them" if total > 1 else "its row was rejected"
    return f"no transcript could be read from {name}: {rows} because: {reason} (fix the file, or use --format)"
