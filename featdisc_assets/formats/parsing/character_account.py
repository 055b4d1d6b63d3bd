"""The account of a row's characters: each ends in a turn or is dropped for a reason."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from featdisc_assets.transcript import Dropped, Kind

# Fields that hold labels of the format, never text that somebody wrote. Adapters record no text under these names.
LABEL_FIELDS = frozenset(
    {
        *("role", "from", "sender", "type", "id", "uuid", "object", "model", "index", "status", "phase", "channel"),
        *("finish_reason", "stop_reason", "done_reason", "native_finish_reason", "finishReason", "stop_details"),
        *("created", "created_at", "updated_at", "timestamp", "create_time", "createTime", "provider", "format"),
        *("tool_call_id", "call_id", "tool_use_id", "conversation_id", "turn_identifier", "responseId", "caller"),
        *("media_type", "mime_type", "mimeType", "detail", "system_fingerprint", "service_tier", "modelVersion"),
        *("modality", "source_type", "cache_control", "model_version", "response_id", "finish_details"),
        *("parentUuid", "sessionId", "requestId", "userType", "cwd", "gitBranch", "version", "entrypoint", "slug"),
        *("parent_message_uuid", "source", "language", "start_timestamp", "stop_timestamp"),
    }
)
# Fields that hold signatures and ciphertext.
SIGNATURE_FIELDS = frozenset(
    {"signature", "thoughtSignature", "thought_signature", "encrypted_content", "encrypted_reasoning"}
)
_ARGUMENTS = ("arguments", "input", "args", "kwargs")


class CharacterCounts(NamedTuple):
    """Characters in the texts of a value: written text, labels of the format, signatures."""

    text: int
    labels: int
    signatures: int


def count_characters(value: object) -> CharacterCounts:  # noqa: PLR0912 - one flat loop, as it runs over every value of every row
    """Count the characters of every text in a nested value. Keys and numbers do not count."""
    if isinstance(value, str):
        return CharacterCounts(len(value), 0, 0)
    text = labels = signatures = 0
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for key, inner in item.items():
                if isinstance(inner, str):
                    if key in LABEL_FIELDS:
                        labels += len(inner)
                    elif key in SIGNATURE_FIELDS:
                        signatures += len(inner)
                    else:
                        text += len(inner)
                elif isinstance(inner, dict | list):
                    stack.append(inner)
        elif isinstance(item, list):
            for inner in item:
                if isinstance(inner, str):
                    text += len(inner)
                elif isinstance(inner, dict | list):
                    stack.append(inner)
    return CharacterCounts(text, labels, signatures)


class CharacterAccount:
    """The account of one row.

    An adapter *records* each text it reads. A recorded text must then end in a turn or be *dropped* for a reason;
    separators and placeholders are *added*. `build` counts the whole row at the end to find text that was not recorded.

    Args:
        tools: whether tool traffic is kept.
    """

    __slots__ = ("_dropped", "added", "expected_kinds", "recorded", "tools")

    def __init__(self, *, tools: bool = False) -> None:
        self.tools = tools
        self.recorded = 0
        self.added = 0
        # Kinds that the row has a field for, filled or empty.
        self.expected_kinds: set[Kind] = set()
        self._dropped: dict[tuple[Kind | None, str], list[int]] = {}

    def record(self, text: str) -> str:
        """Record a text as read, and return it."""
        self.recorded += len(text)
        return text

    def drop(self, reason: str, n_chars: int, kind: Kind | None = None, n: int = 1) -> None:
        """Drop recorded text."""
        entry = self._dropped.setdefault((kind, reason), [0, 0])
        entry[0] += n
        entry[1] += n_chars

    def drop_value(self, reason: str, value: object, kind: Kind | None = None, n: int = 1) -> None:
        """Record and drop every text of a value. A value without text still counts as dropped `n` times."""
        n_chars = count_characters(value).text
        self.recorded += n_chars
        self.drop(reason, n_chars, kind, n)

    def strip(self, text: str, kind: Kind) -> str:
        """Drop the white space around a text."""
        bare = text.strip()
        if len(bare) < len(text):
            self.drop("white_space", len(text) - len(bare), kind)
        return bare

    def join(self, texts: Iterable[str], kind: Kind | None) -> str:
        """Join texts with a blank line. A text of white space only is dropped."""
        kept: list[str] = []
        for text in texts:
            if text and text.isspace():
                self.drop("white_space", len(text), kind)
            elif text:
                kept.append(text)
        if not kept:
            return ""
        self.added += 2 * (len(kept) - 1)
        return "\n\n".join(kept)

    def dropped(self) -> tuple[Dropped, ...]:
        """The dropped text, by kind and reason."""
        found = [Dropped(kind, reason, n, n_chars) for (kind, reason), (n, n_chars) in self._dropped.items()]
        return tuple(sorted(found, key=lambda entry: (entry.kind or "", entry.reason)))


def tool_call(call: Mapping[str, Any], account: CharacterAccount) -> str:
    """A tool call as `name(arguments)`; empty if tool traffic is dropped."""
    if not account.tools:
        account.drop_value("tool_call", call, "tool")
        return ""
    inner = call.get("function") or call.get("custom")
    body = inner if isinstance(inner, dict) else call
    arguments = next((body[name] for name in _ARGUMENTS if body.get(name) is not None), "")
    name = body.get("name") or (body.get("function") if isinstance(body.get("function"), str) else "")
    return _record_as(call, f"{name}({arguments if isinstance(arguments, str) else _json(arguments)})", account)


def tool_result(value: object, text: str | None, account: CharacterAccount) -> str:
    """The output of a tool; empty if tool traffic is dropped.

    Args:
        value: the whole result, as it is in the row.
        text: its text; None writes the value as JSON.
        account: the row's account.
    """
    if not account.tools:
        account.drop_value("tool_result", value, "tool")
        return ""
    return _record_as(value, _json(value) if text is None else text, account)


def _record_as(value: object, text: str, account: CharacterAccount) -> str:
    """Record all of a value, and return the text made from it; it may be shorter or longer."""
    n_chars = count_characters(value).text
    account.recorded += n_chars
    if len(text) >= n_chars:
        account.added += len(text) - n_chars
    else:
        account.drop("tool_details", n_chars - len(text), "tool")
    return text


def _json(value: object) -> str:
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:
        return json.dumps(value, ensure_ascii=False, default=str)
