"""Split a JSON file into rows: one value per line, one array, or values over several lines."""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple

from featdisc_assets.formats.adapter import RowError
from featdisc_assets.formats.parsing.json_text import parse_json

# A conversation of this size has some sixteen million tokens: a larger row means a broken file.
MAX_ROW_BYTES = 64 * 2**20
HEAD_BYTES = 256 * 2**10

_CHUNK = 2**20
_SPACE = b" \t\r\n,"  # what may stand between two items
_BOM = b"\xef\xbb\xbf"
_FIRST_KEY_IS_ROLE = re.compile(rb"\[\s*\{\s*[\"']role[\"']")
_INSIDE = {
    ord('"'): re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL),
    ord("'"): re.compile(rb"(?:[^'\\]++|\\.)*+", re.DOTALL),
}
# Everything up to the next bracket, whole strings included; stops before a string that the buffer holds in part.
_TO_BRACKET = re.compile(
    rb"""(?:[^"'{}\[\]]++|"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+')*+""",
    re.DOTALL,
)


class RawRow(NamedTuple):
    """The bytes of a row; with a problem, only the first of them."""

    location: str
    raw: bytes
    problem: str | None = None


def detect_layout(head: bytes, *, is_whole: bool) -> Literal["lines", "array", "document"]:
    """Detect the layout of a JSON file from its first bytes.

    Args:
        head: the first `HEAD_BYTES` of the file.
        is_whole: whether the file has no more bytes.

    Returns:
        `lines` (one value per line), `array` (one array of rows) or `document` (values over several lines).
    """
    head = head.removeprefix(_BOM).lstrip()
    if head[:1] == b"[" and not _starts_with_message(head):
        # A list on a line of its own, with more lines after it, is one odd row among others.
        first, _, rest = head.partition(b"\n")
        return "lines" if rest.strip() and _is_container(first) else "array"
    lines = [line.rstrip() for line in (head if is_whole else head.rpartition(b"\n")[0]).split(b"\n", 2)[:2]]
    if head[:1] not in (b"[", b"{") or len(lines) < 2 or _is_container(lines[0]):
        return "lines"
    if lines[0][-1:] in (b"{", b"["):
        return "document"
    # A first line that ends in a comma opens a document, unless it is a damaged row and the next one is whole.
    return "document" if lines[0][-1:] == b"," and not _is_container(lines[1]) else "lines"


def line_rows(stream: BinaryIO) -> Iterator[RawRow]:
    """Yield one row per line. A line over the limit is skipped without being held in memory."""
    number = 0
    while line := stream.readline(MAX_ROW_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
            start, size = line[:400], len(line)
            del line
            while (rest := stream.readline(_CHUNK)) and not rest.endswith(b"\n"):
                size += len(rest)
            yield RawRow(f":{number}", start, _too_long(size + len(rest)))
        elif not line.isspace():
            yield RawRow(f":{number}", line)


def nested_rows(stream: BinaryIO, kind: Literal["array", "document"]) -> Iterator[RawRow]:
    """Yield the items of one array, or the values of a document, by their brackets and without holding the file.

    Single quotes count like double quotes, as Python prints them. Text between two items is a row of its own, unless
    it is commas and white space.
    """
    return _BracketScanner(stream, 1 if kind == "array" else 0).rows()


class _BracketScanner:
    """The state of one pass: bracket depth, open quote, and the start of the current row in the buffer."""

    def __init__(self, stream: BinaryIO, row_depth: int) -> None:
        self.stream = stream
        self.row_depth = row_depth
        self.buffer = b""
        self.start = 0  # of what has not been yielded yet
        self.position = 0
        self.depth = 0
        self.quote = 0
        self.dropped = 0  # bytes of an oversized row that are no longer held
        self.count = 0

    def rows(self) -> Iterator[RawRow]:
        chunk = self.stream.read(max(_CHUNK, len(_BOM))).removeprefix(_BOM)
        while chunk:
            self._refill(chunk)
            yield from self._scan()
            chunk = self.stream.read(_CHUNK)
        rest = self.buffer[self.start :].strip(_SPACE)
        if self.depth > self.row_depth or self.dropped:
            yield self._row(rest, "the file ends inside this item: it is still being written, or was cut off")
        elif rest:
            yield self._row(rest, None)
        if self.depth == self.row_depth > 0 and self.count:
            yield self._row(b"", "the file ends before its array does: it is still being written, or was cut off")

    def _refill(self, chunk: bytes) -> None:
        kept = self.buffer[self.start :]
        if self.dropped or len(kept) > MAX_ROW_BYTES:
            self.dropped += max(len(kept) - 400, 0)
            kept = kept[:400]
        # The buffer is scanned except for a backslash at its end.
        unseen = len(self.buffer) - self.position
        if self.dropped and unseen:
            kept += self.buffer[-unseen:]
        self.buffer = kept + chunk
        self.position = len(kept) - unseen
        self.start = 0

    def _scan(self) -> Iterator[RawRow]:
        while self.position < len(self.buffer):
            if self.quote:
                match = _INSIDE[self.quote].match(self.buffer, self.position)
                self.position = match.end() if match else self.position
                if self.position >= len(self.buffer) or self.buffer[self.position] != self.quote:
                    return  # the string goes on in the next chunk
                self.quote = 0
                self.position += 1
                continue
            stop = _TO_BRACKET.match(self.buffer, self.position)
            self.position = stop.end() if stop else self.position
            if self.position >= len(self.buffer):
                return
            byte = self.buffer[self.position]
            self.position += 1
            if byte in _INSIDE:
                self.quote = byte
            elif byte in b"{[":
                yield from self._open(self.position - 1)
            else:
                yield from self._close(self.position - 1)

    def _open(self, at: int) -> Iterator[RawRow]:
        if self.depth == self.row_depth:
            gap = self.buffer[self.start : at].strip(_SPACE)
            if gap:
                yield self._row(gap, None)
            self.start = at
        elif self.depth < self.row_depth:
            self.start = at + 1
        self.depth += 1

    def _close(self, at: int) -> Iterator[RawRow]:
        self.depth -= 1
        if self.depth == self.row_depth:
            raw = self.buffer[self.start : at + 1]
            size = len(raw) + self.dropped
            yield self._row(raw, _too_long(size) if size > MAX_ROW_BYTES else None)
            self.start = at + 1
        elif self.depth < self.row_depth:
            gap = self.buffer[self.start : at if self.row_depth else at + 1].strip(_SPACE)
            if gap:
                yield self._row(gap, None)
            self.start = at + 1
            self.row_depth = 0  # what follows the array is a row of its own
            self.depth = 0

    def _row(self, raw: bytes, problem: str | None) -> RawRow:
        self.count += 1
        self.dropped = 0
        return RawRow(f"[{self.count - 1}]", raw, problem)


def _too_long(size: int) -> str:
    limit = f"{MAX_ROW_BYTES:,}"
    return f"the row has {size:,} bytes and the limit is {limit}: put one row on a line, and leave media out"


def _starts_with_message(head: bytes) -> bool:
    first = next(_BracketScanner(io.BytesIO(head), 1).rows(), None)
    try:
        item = parse_json(first.raw, {}) if first and first.problem is None else None
    except RowError:
        item = None
    if item is None:
        return _FIRST_KEY_IS_ROLE.match(head) is not None
    return isinstance(item, dict) and isinstance(item.get("role"), str)


def _is_container(line: bytes) -> bool:
    try:
        return isinstance(parse_json(line, {}), dict | list)
    except RowError:
        return False
