"""ShareGPT: `conversations` of `from` and `value`, which have several other names."""

from collections.abc import Mapping
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.conversation import Exchange, read_exchange
from featdisc_assets.formats.parsing.json_text import decode_cell
from featdisc_assets.transcript import Transcript

_LISTS = ("conversations", "conversation", "items", "messages")
_SPEAKERS = ("from", "role", "user", "speaker")
_TEXTS = ("value", "content", "text", "markdown")
_ROLES = {
    **dict.fromkeys(("human", "user", "prompter"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "bard", "bing", "claude", "model", "ai", "chatbot"), "assistant"),
    **dict.fromkeys(("tool", "observation", "function_response", "function-response", "ipython"), "tool"),
    **dict.fromkeys(("function_call", "function-call", "tool_call"), "call"),
    "system": "system",
    "developer": "system",
}


def _is_turn_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and _is_turn(value[0])


def _is_turn(message: Mapping[str, Any]) -> bool:
    speaker = message.get("from")
    if isinstance(speaker, str):
        return any(isinstance(message.get(name), str) or name in message for name in _TEXTS)
    return isinstance(message.get("role"), str) and "value" in message


def _locate(row: object) -> tuple[str, list[Any]] | None:
    if _is_turn_list(row):
        return "", row  # type: ignore[return-value]
    if isinstance(row, dict):
        for name in _LISTS:
            if name in row and _is_turn_list(value := decode_cell(row[name], _is_turn_list)):
                return name, value
    return None


def _read(row: object, origin: Origin) -> Transcript:
    located = _locate(row)
    if located is None:
        raise RowError("no ShareGPT conversation: give `conversations` of `from` and `value`")
    name, given = located
    messages = []
    for number, message in enumerate(given, 1):
        if not isinstance(message, dict):
            raise RowError(f"message {number} is of type {type(message).__name__}, not a record with `from`")
        messages.append(_message(message))
    columns = row if isinstance(row, dict) else {}
    exchange = Exchange(messages, consumed={name: given})
    for key in ("system", "system_prompt"):
        if isinstance(columns.get(key), str) and columns[key]:
            exchange.system = exchange.consumed[key] = columns[key]
            break
    return read_exchange(columns, exchange, origin)


def _message(message: dict[str, Any]) -> dict[str, Any]:
    speaker = next((str(message[name]) for name in _SPEAKERS if isinstance(message.get(name), str)), "")
    text_field = next((name for name in _TEXTS if message.get(name) is not None), None)
    value = message[text_field] if text_field else None
    rest = {key: item for key, item in message.items() if key not in (*_SPEAKERS, text_field)}
    role = _ROLES.get(speaker.lower(), speaker)
    if role == "call":
        return {**rest, "role": "assistant", "content": [{"type": "tool_call", "name": "", "arguments": value}]}
    return {**rest, "role": role, "content": value}


def _score(row: object) -> int:
    return 4 if _locate(row) is not None else 0


SHAREGPT = Adapter("sharegpt", _score, _read)
