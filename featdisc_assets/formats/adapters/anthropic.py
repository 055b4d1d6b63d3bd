"""Anthropic Messages: a separate system prompt, content in blocks, tool results in user messages."""

from collections.abc import Mapping
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.conversation import Exchange, is_message_list, read_exchange, unwrap_body
from featdisc_assets.transcript import Transcript

_BLOCKS = ("thinking", "redacted_thinking", "tool_use", "tool_result", "server_tool_use")
_REQUESTS = ("request", "body", "params")


def _answer(row: Mapping[str, Any]) -> tuple[str, Any, Mapping[str, Any]] | None:
    """The answer: the field of the row that holds it, the value of that field, and the message."""
    if row.get("type") == "message" and row.get("role") == "assistant" and isinstance(row.get("content"), list):
        return "", row, row
    for name in ("response", "result", "message", "completion"):
        value = row.get(name)
        for inner in (value, value.get("message") if isinstance(value, dict) else None,
                      value.get("body") if isinstance(value, dict) else None):  # fmt: skip
            if (
                isinstance(inner, dict)
                and inner.get("role") == "assistant"
                and isinstance(inner.get("content"), list)
                and (inner.get("type") == "message" or "stop_reason" in inner)
            ):
                return name, value, inner
    return None


def _request(row: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    if is_message_list(row.get("messages")):
        return "", row
    for name in _REQUESTS:
        value = unwrap_body(row.get(name))
        if isinstance(value, dict) and is_message_list(value.get("messages")):
            return name, value
    return None


def _read(row: object, origin: Origin) -> Transcript:
    if isinstance(row, list) and is_message_list(row):
        row = {"messages": row}
    if not isinstance(row, dict):
        raise RowError("no Anthropic message: give a record with `messages`")
    request, answer = _request(row), _answer(row)
    exchange = Exchange([])
    if request is not None:
        name, sent = request
        exchange.messages = list(sent["messages"])
        exchange.system = sent.get("system")
        if name:
            exchange.consumed[name] = row[name]
            exchange.envelopes.append(sent)
        else:
            exchange.consumed |= {key: row[key] for key in ("messages", "system") if row.get(key) is not None}
    elif isinstance(row.get("prompt"), str):
        exchange.messages = [{"role": "user", "content": row["prompt"]}]
        exchange.consumed["prompt"] = row["prompt"]
    if answer is not None:
        name, value, message = answer
        exchange.answer = {"role": "assistant", "content": message["content"]}
        exchange.envelopes.insert(0, message)
        exchange.consumed |= {name: value} if name else {"content": row["content"]}
    elif result := _failed_result(row):
        raise RowError(f"the request {result['type']}: {str(result.get('error', ''))[:300]}")
    if exchange.answer is None and request is None:
        raise RowError("no Anthropic message: neither `messages` nor a message of the model")
    return read_exchange(row, exchange, origin)


def _failed_result(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    result = row.get("result")
    return result if isinstance(result, dict) and result.get("type") in ("errored", "expired", "canceled") else None


def _score(row: object) -> int:
    if isinstance(row, list):
        return 4 if is_message_list(row) and _has_blocks(row) else 0
    if not isinstance(row, dict):
        return 0
    request, answer = _request(row), _answer(row)
    if answer is not None:
        return 5
    if _failed_result(row):
        return 2
    if request is None:
        return 0
    sent = request[1]
    return 4 if isinstance(sent.get("system"), str | list) or _has_blocks(sent["messages"]) else 0


def _has_blocks(messages: list[Any]) -> bool:
    return any(
        isinstance(block, dict) and block.get("type") in _BLOCKS and not isinstance(block.get("thinking"), list)
        for message in messages
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for block in message["content"]
    )


ANTHROPIC = Adapter("anthropic", _score, _read)
