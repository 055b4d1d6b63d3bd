"""Read the samples of an Inspect `.eval` archive without unpacking it to disk."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from featdisc_assets.formats.adapter import RowError
from featdisc_assets.formats.adapters.inspect_log import LOG, log_header
from featdisc_assets.formats.parsing.compression import DAMAGED_ZIP, zipfile
from featdisc_assets.formats.parsing.json_rows import MAX_ROW_BYTES
from featdisc_assets.formats.parsing.json_text import parse_json

_SAMPLE = re.compile(r"samples/[^/\\]+\.json")
_HEADERS = ("header.json", "_journal/start.json")


def sample_rows(path: Path) -> Iterator[tuple[str, Any, dict[str, int], str | None]]:
    """Yield each sample's location, value, notes on repairs, and problem.

    No member is read past the size limit of a row, so a zip bomb costs no memory. A member whose name leads out of the
    archive is a row with a problem.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            header = _header(archive)
            for info in archive.infolist():
                name = info.filename
                if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name[:3]:
                    yield f"!{name[:200]}", None, {}, "its name leads out of the archive"
                elif _SAMPLE.fullmatch(name):
                    notes: dict[str, int] = {}
                    try:
                        value = parse_json(_member(archive, info), notes)
                    except RowError as error:
                        yield f"!{name}", None, {}, str(error)
                    except DAMAGED_ZIP as error:
                        yield f"!{name}", None, {}, f"this member is damaged ({str(error)[:200]})"
                    else:
                        yield f"!{name}", {**value, LOG: header} if isinstance(value, dict) else value, notes, None
    except DAMAGED_ZIP as error:
        yield "", None, {}, f"not readable as a zip archive ({str(error)[:200]}): is it still being written?"


def is_eval(path: Path) -> bool:
    """Whether a zip archive is an Inspect log: it holds samples or a header."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(_SAMPLE.fullmatch(name) or name in _HEADERS for name in archive.namelist())
    except DAMAGED_ZIP:
        return False


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    for name in _HEADERS:
        try:
            found = parse_json(_member(archive, archive.getinfo(name)), {})
        except (KeyError, RowError, *DAMAGED_ZIP):
            continue
        if isinstance(found, dict):
            return log_header(found)
    return {}


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as stream:
        raw = stream.read(MAX_ROW_BYTES + 1)
    if len(raw) > MAX_ROW_BYTES:
        raise RowError(
            f"the sample is over {MAX_ROW_BYTES:,} bytes (it says {info.file_size:,}), the limit: leave media out"
        )
    return raw
