"""Read rows by a map that the user gives with `--map`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError, SourceError
from featdisc_assets.formats.parsing.character_account import LABEL_FIELDS
from featdisc_assets.formats.parsing.conversation import Exchange, read_exchange
from featdisc_assets.formats.parsing.json_text import decode_cell
from featdisc_assets.transcript import Transcript

TEXTS = ("user", "thought", "response", "system")
COLUMNS = ("id", "model", "group", "created_at", "source")
MESSAGES = ("messages", "role", "content", "thought_in_message")
ROLES = ("user", "assistant", "system", "tool", "ignore")
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The path of each field in a row, and the meaning of unknown roles."""

    paths: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)


def parse_map(entries: Sequence[str]) -> FieldMap:
    """Read `FIELD=PATH` and `role:NAME=ROLE`.

    FIELD is one of `TEXTS`, `COLUMNS` or `MESSAGES`. PATH is a column, or a path into one such as
    `choices[0].message.text`. The paths of `role`, `content` and `thought_in_message` start at each message.

    Raises:
        SourceError: if an entry is neither, or no entry maps a text.
    """
    found = FieldMap()
    known = (*TEXTS, *COLUMNS, *MESSAGES)
    for entry in entries:
        name, sign, value = entry.partition("=")
        name, value = name.strip(), value.strip()
        if name.startswith("role:") and sign and value in ROLES:
            found.roles[name.removeprefix("role:").strip().lower()] = value
        elif name in known and sign and value:
            found.paths[name] = value
        else:
            raise SourceError(
                f"--map {entry!r} is not understood: give FIELD=PATH with a FIELD of {', '.join(known)},"
                f" or role:NAME=ROLE with a ROLE of {', '.join(ROLES)}"
            )
    if found.paths.keys() & {"user", "thought", "response", "messages"}:
        return found
    raise SourceError("--map names no text: map at least one of user, thought, response or messages to a column")


def value_at(value: Any, path: str) -> Any:  # noqa: ANN401
    """The value at a path, or None. JSON text on the way is parsed."""
    if isinstance(value, dict) and path in value:
        return value[path]
    for step in _STEP.findall(path):
        value = decode_cell(value)
        if step.startswith("["):
            index = int(step[1:-1])
            value = value[index] if isinstance(value, list) and index < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def mapped_adapter(given: FieldMap) -> Adapter:
    """The format that a map describes."""

    def read(row: object, origin: Origin) -> Transcript:
        if not isinstance(row, dict):
            raise RowError(f"a row of type {type(row).__name__} has no columns to map")
        return _read(row, given, origin)

    return Adapter("mapped", lambda row: int(isinstance(row, dict)), read)


def _read(row: dict[str, Any], given: FieldMap, origin: Origin) -> Transcript:
    paths = given.paths
    texts = {name: value_at(row, path) for name, path in paths.items() if name in (*TEXTS, "messages")}
    consumed = {top: decode_cell(row[top]) for name in texts if (top := _root_field(row, paths[name])) in row}
    columns = {name: value_at(row, paths[name]) for name in COLUMNS if name in paths}
    messages: list[Any] = []
    listed: Any = []
    if "messages" in texts:
        listed = decode_cell(texts["messages"])
        if not isinstance(listed, list):
            raise RowError(f"the column mapped to messages ({paths['messages']}) holds no list")
        messages = [_message(message, given, number) for number, message in enumerate(listed, 1)]
    for name in ("user", "response", "thought"):
        if texts.get(name) is not None and not isinstance(texts[name], str | list | dict):
            # A number in a text column, such as a column of answers, is a text.
            texts[name] = consumed[paths[name]] = str(texts[name]) if paths[name] in row else None
    if texts.get("user"):
        messages.insert(0, {"role": "user", "content": texts["user"]})
    if texts.get("response") or texts.get("thought"):
        messages.append(
            {"role": "assistant", "content": texts.get("response"), "reasoning_content": texts.get("thought")}
        )
    if not messages:
        missing = ", ".join(sorted({paths[name] for name in texts}))
        raise RowError(f"the mapped columns ({missing}) are empty or not there; columns: {', '.join(row)[:300]}")
    role_path = paths.get("role", "role")
    marks = [] if _STEP.findall(role_path)[-1] in LABEL_FIELDS else [value_at(message, role_path) for message in listed]
    exchange = Exchange(messages, consumed=consumed, system=texts.get("system"), is_mapped=True)
    exchange.dropped = [("structure", mark) for mark in marks if mark is not None]
    exchange.columns = {name: str(value) for name, value in columns.items() if isinstance(value, str | int | float)}
    return read_exchange(row, exchange, origin)


def _message(message: Any, given: FieldMap, number: int) -> Any:  # noqa: ANN401
    if not isinstance(message, dict):
        raise RowError(f"message {number} is of type {type(message).__name__}, not a record")
    role_path, content_path = given.paths.get("role", "role"), given.paths.get("content", "content")
    role = str(value_at(message, role_path) or "").lower()
    role = given.roles.get(role, role)
    content = value_at(message, content_path)
    thought_path = given.paths.get("thought_in_message")
    taken = [_root_field(message, path) for path in (role_path, content_path, thought_path) if path]
    rest = {key: value for key, value in message.items() if key not in taken}
    if role == "ignore":
        return {"role": "ignored", "content": content, **rest}
    shown: dict[str, Any] = {**rest, "role": role, "content": content}
    top = message.get(_root_field(message, content_path))
    if isinstance(top, dict) and content is not top and isinstance(top.get("tool_calls"), list):
        shown["tool_calls"] = top["tool_calls"]
    if thought_path:
        shown["reasoning_content"] = value_at(message, thought_path)
    return shown


def _root_field(value: Mapping[str, Any], path: str) -> str:
    return path if path in value else _STEP.findall(path)[0]
