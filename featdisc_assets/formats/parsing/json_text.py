"""Parse a JSON value with the repairs that real files need."""

import ast
import json
import re
import warnings
from collections.abc import Callable
from typing import Any

import orjson

from featdisc_assets.formats.adapter import RowError

# A syntax tree takes some hundred times the memory of its text, so Python literals have a lower limit than JSON.
PYTHON_LITERAL_BYTES = 4 * 2**20

_SURROGATES = re.compile("[\ud800-\udfff]")
_PYTHON_NUMBERS = {"nan", "inf", "NaN", "Infinity"}


def parse_json(raw: bytes | str, notes: dict[str, int]) -> Any:  # noqa: ANN401
    r"""Parse one JSON value and count the repairs in `notes`.

    NUL characters are removed, lone surrogates and invalid UTF-8 become U+FFFD, NaN and the infinities become null,
    raw control characters in strings are kept, and a Python literal is accepted.

    Args:
        raw: the value's text, UTF-8 if bytes.
        notes: counts are added here: `nul_characters`, `lone_surrogates`, `invalid_utf8`, `not_a_number`,
            `python_literal`.

    Raises:
        RowError: if it is neither JSON nor a Python literal.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return scrub(_parse_leniently(raw, notes, str(error)), notes)
    escaped, bare = ("\\u0000", "\0") if isinstance(raw, str) else (b"\\u0000", b"\0")
    return scrub(value, notes) if escaped in raw or bare in raw else value  # type: ignore[operator]


def scrub(value: Any, notes: dict[str, int]) -> Any:  # noqa: ANN401
    """Remove NULs and replace lone surrogates in every string of a nested value, keys included."""
    if isinstance(value, str):
        return scrub_text(value, notes)
    if isinstance(value, dict):
        return {scrub_text(str(key), notes): scrub(item, notes) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub(item, notes) for item in value]
    return value


def scrub_text(text: str, notes: dict[str, int]) -> str:
    """Remove NULs and replace lone surrogates: a table can store neither."""
    if "\0" in text:
        notes["nul_characters"] = notes.get("nul_characters", 0) + text.count("\0")
        text = text.replace("\0", "")
    if not text.isascii():
        text, count = _SURROGATES.subn("\ufffd", text)
        if count:
            notes["lone_surrogates"] = notes.get("lone_surrogates", 0) + count
    return text


def _parse_leniently(raw: bytes | str, notes: dict[str, int], reason: str) -> Any:  # noqa: ANN401
    text = raw if isinstance(raw, str) else _decode(raw, notes)
    constants = 0

    def null(_: str) -> None:
        nonlocal constants
        constants += 1

    try:
        # The standard library accepts NaN, lone surrogates and control characters; orjson rejects all three.
        value = json.loads(text, parse_constant=null, strict=False)
    except (ValueError, RecursionError):
        return _python_literal(text, notes, reason)
    if constants:
        notes["not_a_number"] = notes.get("not_a_number", 0) + constants
    return value


def _decode(raw: bytes, notes: dict[str, int]) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
        notes["invalid_utf8"] = notes.get("invalid_utf8", 0) + text.count("\ufffd")
        return text


def _python_literal(text: str, notes: dict[str, int], reason: str) -> Any:  # noqa: ANN401
    text = text.strip()
    if text[:1] not in ("{", "[") or "'" not in text or len(text) > PYTHON_LITERAL_BYTES:
        raise RowError(f"not JSON: {reason}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            tree = ast.parse(text, mode="eval")
        value = _plain(ast.literal_eval(_NumbersToNull(notes).visit(tree)))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise RowError(f"not JSON: {reason}") from None
    notes["python_literal"] = 1
    return value


class _NumbersToNull(ast.NodeTransformer):
    """Replaces `nan` and `inf`, which are names in Python, by None."""

    def __init__(self, notes: dict[str, int]) -> None:
        self.notes = notes

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in _PYTHON_NUMBERS:
            return node
        self.notes["not_a_number"] = self.notes.get("not_a_number", 0) + 1
        return ast.Constant(value=None)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return node.operand if isinstance(node.operand, ast.Constant) and node.operand.value is None else node


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Convert a Python literal to JSON types."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=repr)
    if value is None or isinstance(value, str | int | float):
        return value
    return repr(value)


def decode_cell(value: Any, wanted: Callable[[Any], bool] = lambda _: True) -> Any:  # noqa: ANN401
    """Parse a cell of JSON text if its value is `wanted`; any other cell is returned as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        inner = parse_json(value, {})
    except RowError:
        return value
    return inner if wanted(inner) else value
