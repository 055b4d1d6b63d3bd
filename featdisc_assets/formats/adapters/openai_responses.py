"""OpenAI Responses: a list of items, grouped into turns."""

from collections.abc import Iterator, Mapping
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.character_account import CharacterAccount, tool_call, tool_result
from featdisc_assets.formats.parsing.content import read_content, tool_output_text
from featdisc_assets.formats.parsing.conversation import SYSTEM_ROLES, read_assistant, read_envelopes, unwrap_body
from featdisc_assets.formats.parsing.fields import RowFields, build
from featdisc_assets.formats.parsing.thoughts import merge_copies, parse_thoughts
from featdisc_assets.formats.parsing.turns import Message, assemble
from featdisc_assets.transcript import Transcript

_OWN_ITEMS = ("reasoning", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output")
_REQUESTS = ("request", "body")


def _is_item(value: object) -> bool:
    return isinstance(value, dict) and (
        value.get("type") in _OWN_ITEMS or (value.get("type") == "message" and isinstance(value.get("role"), str))
    )


def _are_items(value: object) -> bool:
    return isinstance(value, list) and any(_is_item(item) for item in value)


def _response(row: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The record with `output` items, and the field of the row that holds it (empty for the row itself)."""
    if _are_items(row.get("output")) or (row.get("object") == "response" and isinstance(row.get("output"), list)):
        return "", row
    value = unwrap_body(row.get("response"))
    if isinstance(value, dict) and (_are_items(value.get("output")) or value.get("object") == "response"):
        return "response", value
    return None


def _read(row: object, origin: Origin) -> Transcript:
    if isinstance(row, list) and _are_items(row):
        row = {"input": row}
    if not isinstance(row, dict):
        raise RowError("no OpenAI response: give a record with `output` items")
    found = RowFields(CharacterAccount(tools=origin.tools))
    consumed: dict[str, Any] = {}
    given: list[Any] = []
    envelopes: list[Mapping[str, Any]] = []
    for name in _REQUESTS:
        if isinstance(request := row.get(name), dict):
            consumed[name] = request
            envelopes.append(unwrap_body(request))
    answer = _response(row)
    for source in (row, *envelopes):
        given += _request_items(source)
    consumed |= {name: row[name] for name in ("input", "instructions") if isinstance(row.get(name), str | list)}
    if answer is not None:
        name, response = answer
        consumed[name or "output"] = row[name or "output"]
        given += response["output"] if isinstance(response.get("output"), list) else []
        if name:
            envelopes.insert(0, response)
            if isinstance(prompt := response.get("instructions"), str):
                found.account.drop_value("repeated_instructions", prompt)
    messages = list(_messages(given, found))
    if not any(message.role != "tool" for message in messages):
        raise RowError("no message, reasoning or answer among the items")
    read_envelopes(row, envelopes, messages, found)
    if any((place.get("incomplete_details") or {}) for place in (row, *envelopes)):
        messages[-1].is_truncated = True
    return build(row, assemble(messages, found.account), consumed=consumed, found=found, origin=origin)


def _request_items(source: Mapping[str, Any]) -> list[Any]:
    """The items of a request: its instructions, then its input."""
    items, prompt = source.get("input"), source.get("instructions")
    system = [{"type": "message", "role": "system", "content": prompt}] if isinstance(prompt, str) else []
    if isinstance(items, str):
        return [*system, {"type": "message", "role": "user", "content": items}]
    return [*system, *items] if isinstance(items, list) else system


def _messages(given: list[Any], found: RowFields) -> Iterator[Message]:
    account = found.account
    prompts: list[str] = []
    for number, item in enumerate(given, 1):
        if not isinstance(item, dict):
            raise RowError(f"item {number} is of type {type(item).__name__}, not a record with a type")
        kind = str(item.get("type") or "message")
        role = str(item.get("role", "")).lower()
        if kind == "reasoning":
            # Content and summary are copies of one thought; the raw one takes precedence.
            copies = [thought for name in ("content", "summary") if (part := _part(item, name)) is not None
                      for thought in parse_thoughts(part, account)]  # fmt: skip
            thought = merge_copies(copies, account)
            if thought is None and item.get("encrypted_content"):
                yield Message("assistant", "", "", "redacted")
            else:
                yield Message("assistant", "", thought.text if thought else "", thought.form if thought else "hidden")
        elif kind.endswith(("_call", "tool_use")):
            yield Message("tool", tool=[tool_call(item, account)])
        elif kind.endswith("_output") or "approval" in kind or kind == "mcp_list_tools":
            yield Message("tool", tool=[tool_result(item, tool_output_text(item.get("output")), account)])
        elif role == "assistant":
            yield read_assistant(item, account)
        elif role == "user":
            content = read_content(item.get("content"), account, "user")
            yield Message("user", content.text, tool=content.tool)
        elif role in SYSTEM_ROLES:
            prompts.append(read_content(item.get("content"), account, None).text)
        else:
            account.drop_value(f"item:{kind[:40]}", item)
    found.add_system(prompts)


def _part(item: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    value = item.get(name)
    if not value:
        return None
    if name == "summary" and isinstance(value, list):
        return [{**part, "type": "summary"} if isinstance(part, dict) else part for part in value]
    return value


def _score(row: object) -> int:
    if isinstance(row, list):
        return 4 if any(isinstance(item, dict) and item.get("type") in _OWN_ITEMS for item in row) else 0
    if not isinstance(row, dict):
        return 0
    marks = 0
    if _response(row) is not None:
        marks += 4
    for source in (row, row.get("request"), row.get("body")):
        if isinstance(source, dict) and _are_items(source.get("input")):
            marks += 4
    return marks


OPENAI_RESPONSES = Adapter("openai_responses", _score, _read)
