"""OpenAI chat: `messages`, a bare list of messages, a request with its response, or batch output."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.conversation import Exchange, is_message_list, read_exchange, unwrap_body
from featdisc_assets.formats.parsing.json_text import decode_cell
from featdisc_assets.formats.parsing.thoughts import THOUGHT_FIELDS
from featdisc_assets.transcript import Transcript

_REQUESTS = ("request", "body", "input", "prompt")
_PROMPTS = ("prompt", "input", "request", "question", "instruction")
_RESPONSES = ("response", "completion", "output")


def locate(row: object) -> Exchange | None:
    """Locate the conversation in a row; None if the row is not in this format."""
    if is_message_list(row):
        return Exchange(list(row), consumed={"": row})
    if not isinstance(row, dict):
        return None
    exchange = Exchange([])
    found = _locate_request(row, exchange)
    found = _locate_response(row, exchange) or found
    if exchange.answer is not None and not exchange.messages:
        for name in _PROMPTS:
            if isinstance(row.get(name), str) and row[name]:
                exchange.messages = [{"role": "user", "content": row[name]}]
                exchange.consumed[name] = row[name]
                break
    return exchange if found else None


def _locate_request(row: Mapping[str, Any], exchange: Exchange) -> bool:
    for name in ("messages", *_REQUESTS):
        opened = decode_cell(row.get(name), _holds_messages)
        value = unwrap_body(opened)
        around = value if isinstance(value, dict) and isinstance(value.get("messages"), list) else None
        value = around["messages"] if around is not None else value
        if is_message_list(value) or (name == "messages" and isinstance(value, list)):
            exchange.messages = value or []
            exchange.consumed[name] = opened
            exchange.envelopes += [around] if around is not None else []
            return True
    return False


def _holds_messages(value: object) -> bool:
    return is_message_list(value) or (isinstance(value, dict) and isinstance(value.get("messages"), list))


def _locate_response(row: Mapping[str, Any], exchange: Exchange) -> bool:
    if _is_response(row):
        _take_response(row, exchange)
        exchange.consumed |= {name: row[name] for name in ("choices", "message") if name in row}
        return True
    for name in _RESPONSES:
        opened = decode_cell(row.get(name), _is_answer)
        value = unwrap_body(opened)
        if _is_response(value):
            _take_response(value, exchange)
        elif isinstance(value, dict) and value.get("role") == "assistant":
            _take_answer(value, exchange)
        elif is_message_list(value):
            exchange.messages = [*exchange.messages, *value]
        elif isinstance(value, str) and exchange.messages and not _ends_in_answer(exchange):
            # The thought may be in a field of the row, beside the response.
            beside = {name: row[name] for name in THOUGHT_FIELDS if isinstance(row.get(name), str | list)}
            exchange.answer = {**beside, "role": "assistant", "content": value}
            exchange.consumed |= beside
        else:
            continue
        exchange.consumed[name] = opened
        return True
    return False


def _is_answer(value: object) -> bool:
    return _is_response(value) or is_message_list(value)


def _is_response(value: object) -> TypeGuard[dict[str, Any]]:
    if not isinstance(value, dict):
        return False
    choices = value.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return "message" in choices[0] or "text" in choices[0]
    # Ollama's response; a `message` in other logs may have any author.
    message = value.get("message")
    return isinstance(message, dict) and message.get("role") == "assistant" and "done" in value


def _take_response(response: Mapping[str, Any], exchange: Exchange) -> None:
    choices = response.get("choices")
    choice = choices[0] if choices else response
    message = choice.get("message")
    answer = message if isinstance(message, dict) else {"content": choice.get("text")}
    _take_answer({**answer, "role": "assistant"}, exchange)
    exchange.other_choices = choices[1:] if choices else []
    exchange.envelopes = [choice, response, *exchange.envelopes]


def _take_answer(answer: Mapping[str, Any], exchange: Exchange) -> None:
    if _ends_in_answer(exchange) and exchange.messages[-1].get("content") == answer.get("content"):
        # The log had already appended the answer.
        exchange.dropped.append(("repeated_answer", exchange.messages[-1]))
        exchange.messages = exchange.messages[:-1]
    exchange.answer = answer


def _ends_in_answer(exchange: Exchange) -> bool:
    last = exchange.messages[-1] if exchange.messages else None
    return isinstance(last, dict) and last.get("role") == "assistant"


def _failure(row: object) -> object:
    """The error that a batch or a server reports instead of an answer."""
    place = row
    for name in ("response", "body"):
        if not isinstance(place, dict):
            return None
        if place.get("error"):
            return place["error"]
        place = place.get(name)
    return place.get("error") if isinstance(place, dict) else None


def _read(row: object, origin: Origin) -> Transcript:
    exchange = locate(row)
    if exchange is None:
        if failure := _failure(row):
            raise RowError(f"the request failed: {str(failure)[:300]}")
        raise RowError("no OpenAI chat: neither `messages` nor a response with `choices`")
    return read_exchange(row if isinstance(row, dict) else {}, exchange, origin)


def _score(row: object) -> int:
    if isinstance(row, dict) and isinstance(row.get("messages"), list):
        return 3
    if locate(row) is not None:
        return 3
    return 1 if _failure(row) else 0


OPENAI_CHAT = Adapter("openai_chat", _score, _read)
