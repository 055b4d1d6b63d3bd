"""Where every character of a row goes: into a turn, or away under a name."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from featdisc_assets.transcript import Dropped, Kind

# Fields whose texts are marks of the format, never words of anybody. Nothing under these names is ever recorded.
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
# Proofs and ciphertext: long, and nobody's words either.
SIGNATURE_FIELDS = frozenset(
    {"signature", "thoughtSignature", "thought_signature", "encrypted_content", "encrypted_reasoning"}
)


_ARGUMENTS = ("arguments", "input", "args", "kwargs")


class CharacterCounts(NamedTuple):
    """Characters in the texts of a value: words, marks of the format, signatures."""

    text: int
    labels: int
    signatures: int


def count_characters(value: object) -> CharacterCounts:  # noqa: PLR0912 - one flat loop, as it runs over every value of every row
    """Count the characters of every text in a nested value; keys and numbers are none."""
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

    An adapter *claims* a text when it takes it out of the row. From then on it must arrive in a turn or be *cut* under
    a reason, and what is put between texts is *added*. What nobody recorded is found by weighing the row, at the end.
    """

    __slots__ = ("_entries", "added", "expected_kinds", "recorded", "tools")

    def __init__(self, *, tools: bool = False) -> None:
        self.tools = tools
        self.recorded = 0
        self.added = 0
        # Kinds that the row has a place for, filled or not.
        self.expected_kinds: set[Kind] = set()
        self._entries: dict[tuple[Kind | None, str], list[int]] = {}

    def record(self, text: str) -> str:
        """Take a text out of the row."""
        self.recorded += len(text)
        return text

    def drop(self, reason: str, n_chars: int, kind: Kind | None = None, n: int = 1) -> None:
        """Let recorded text go."""
        entry = self._entries.setdefault((kind, reason), [0, 0])
        entry[0] += n
        entry[1] += n_chars

    def drop_value(self, reason: str, value: object, kind: Kind | None = None, n: int = 1) -> None:
        """Claim every text of a value and let it go; a value without any is counted all the same."""
        n_chars = count_characters(value).text
        self.recorded += n_chars
        self.drop(reason, n_chars, kind, n)

    def strip(self, text: str, kind: Kind) -> str:
        """The text without the white space around it."""
        bare = text.strip()
        if len(bare) < len(text):
            self.drop("white_space", len(text) - len(bare), kind)
        return bare

    def join(self, texts: Iterable[str], kind: Kind | None) -> str:
        """Put texts together with a blank line between; a text of white space alone is cut."""
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
        """What was let go, by kind and reason."""
        found = [Dropped(kind, reason, n, n_chars) for (kind, reason), (n, n_chars) in self._entries.items()]
        return tuple(sorted(found, key=lambda entry: (entry.kind or "", entry.reason)))


def tool_call(call: Mapping[str, Any], account: CharacterAccount) -> str:
    """One call of a tool as `name(arguments)`, or empty where tool traffic is not kept."""
    if not account.tools:
        account.drop_value("tool_call", call, "tool")
        return ""
    inner = call.get("function") or call.get("custom")
    body = inner if isinstance(inner, dict) else call
    arguments = next((body[name] for name in _ARGUMENTS if body.get(name) is not None), "")
    name = body.get("name") or (body.get("function") if isinstance(body.get("function"), str) else "")
    return rendered(call, f"{name}({arguments if isinstance(arguments, str) else _json(arguments)})", account)


def tool_result(value: object, text: str | None, account: CharacterAccount) -> str:
    """What a tool consumed, or empty where tool traffic is not kept.

    Args:
        value: the whole result, as it stands in the row.
        text: its words, None where they must be made from the value.
        account: the row's account.
    """
    if not account.tools:
        account.drop_value("tool_result", value, "tool")
        return ""
    return rendered(value, _json(value) if text is None else text, account)


def rendered(value: object, text: str, account: CharacterAccount) -> str:
    """Claim all of a value and give it out as the text made from it, shorter or longer."""
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
