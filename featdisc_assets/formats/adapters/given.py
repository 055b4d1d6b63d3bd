"""Read features made elsewhere, from rows that hold them instead of a conversation."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from featdisc_assets.formats.adapter import RowError, SourceError
from featdisc_assets.formats.parsing.fields import parse_time
from featdisc_assets.formats.parsing.files import SourceFile, source_files
from featdisc_assets.transcript import ALL_KINDS, Kind, Rejected


@dataclass(frozen=True, slots=True)
class GivenFeatures:
    """Features of one piece, made by another rater.

    `text` is the piece itself, if the row has it. `model` is the model in the conversation, `rater` the one that wrote
    the features.
    """

    transcript_id: str
    kind: Kind
    features: tuple[str, ...]
    text: str = ""
    model: str | None = None
    group_key: str | None = None
    created_at: dt.datetime | None = None
    source: str = ""
    rater: str = "made elsewhere"


def read_features(paths: Sequence[str | Path] | str | Path) -> Iterator[GivenFeatures | Rejected]:
    """Read rows `{"transcript_id", "kind", "features": […]}` with optional `model`, `group`, `text` and `rater`.

    An invalid row, or a second one of the same transcript and kind, is returned as `Rejected`; the rest loads.

    Args:
        paths: files, folders and globs, as for transcripts.

    Raises:
        SourceError: at once if a path matches nothing readable; at the end if no row could be read.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    files = [file for name in given for file in source_files(name)]
    return _rows(files, ", ".join(str(name) for name in given))


def _rows(files: list[SourceFile], name: str) -> Iterator[GivenFeatures | Rejected]:
    seen: set[tuple[str, str]] = set()
    first_reason = ""
    for file in files:
        for row in file.rows():
            try:
                if row.problem is not None:
                    raise RowError(row.problem)
                found = _given(row.value, file.source)
                if (found.transcript_id, found.kind) in seen:
                    raise RowError(f"a second row of transcript {found.transcript_id} and kind {found.kind}")
            except RowError as error:
                first_reason = first_reason or str(error)
                yield Rejected(file.source, f"{file.name}{row.location}", str(error), row.excerpt())
                continue
            seen.add((found.transcript_id, found.kind))
            yield found
    if not seen:
        raise SourceError(f"no features could be read from {name}: {first_reason or 'it holds no rows'}")


def _given(row: object, source: str) -> GivenFeatures:
    if not isinstance(row, dict):
        raise RowError(f"a row of type {type(row).__name__} is no record of features")
    name, kind, features = row.get("transcript_id"), row.get("kind"), row.get("features")
    if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
        raise RowError("no transcript_id: give text or a whole number")
    if kind not in ALL_KINDS:
        raise RowError(f"the kind {str(kind)[:40]!r} is none of {', '.join(ALL_KINDS)}")
    if not isinstance(features, list) or not all(isinstance(feature, str) for feature in features):
        raise RowError("no list of texts under features")
    distinct: dict[str, str] = {}
    for feature in features:
        if tidy := " ".join(feature.split()):
            distinct.setdefault(tidy.casefold(), tidy)
    texts = {
        key: row[key] for key in ("text", "model", "rater", "source") if isinstance(row.get(key), str) and row[key]
    }
    group = row.get("group", row.get("group_key"))
    return GivenFeatures(
        str(name),
        kind,
        tuple(distinct.values()),
        text=texts.get("text", ""),
        model=texts.get("model"),
        group_key=str(group) if isinstance(group, str | int) and group != "" else None,
        created_at=parse_time(row.get("created_at")),
        source=texts.get("source", source),
        rater=texts.get("rater", "made elsewhere"),
    )
