"""A list of chat messages, wherever a row keeps it, read into a transcript."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from featdisc_assets.formats.adapter import Origin, RowError
from featdisc_assets.formats.content import count, read_content, without_data_urls
from featdisc_assets.formats.fields import Findings, build, time_of
from featdisc_assets.formats.inline_tags import split
from featdisc_assets.formats.thoughts import Thought, settle, thoughts_of
from featdisc_assets.formats.turns import Message, assemble
from featdisc_assets.transcript import Transcript

_SYSTEM = ("system", "developer")
_ROLES = {"user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "model": "assistant"}
_CUT = ("length", "max_tokens", "model_length", "max_output_tokens")
_FINISH = ("finish_reason", "stop_reason", "done_reason")


@dataclass(slots=True)
class Exchange:
    """Where a row keeps its conversation: the messages sent, the one received, and what was said about it.

    `envelopes` are the records around the messages (the request, the response, the choice), most specific first;
    `read` names the row's fields that the conversation was read from.
    """

    messages: list[Any]
    answer: Mapping[str, Any] | None = None
    envelopes: list[Mapping[str, Any]] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    other_choices: int = 0


def is_message_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is a conversation: a list whose first item is a record with a `role`."""
    return (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict) and isinstance(value[0].get("role"), str)
    )


def read_exchange(row: Mapping[str, Any], exchange: Exchange, origin: Origin) -> Transcript:
    """Read a conversation once it is known where in the row it stands.

    Thoughts come from every vendor's field and from inline tags, one copy each. Tool calls, tool results and media are
    counted in `metadata["dropped"]`; system and developer messages become `metadata["system"]`.

    Args:
        row: the row, for its other fields.
        exchange: where the conversation stands.
        origin: the file.

    Returns:
        The transcript.

    Raises:
        RowError: if a message is no record, or no message is the user's or the model's.
    """
    found = Findings()
    dropped = found.dropped
    given = [*exchange.messages, exchange.answer] if exchange.answer is not None else exchange.messages
    messages = list(_messages(given, found, dropped))
    if not messages:
        roles = sorted({str(message.get("role"))[:40] for message in given})
        raise RowError(f"no user or assistant message; roles found: {', '.join(roles[:10]) or 'none'}")
    count(dropped, "other_choices", exchange.other_choices)
    for envelope in exchange.envelopes:
        found.model = found.model or _text(envelope.get("model"))
        found.transcript_id = found.transcript_id or _text(envelope.get("id"))
        found.created_at = found.created_at or time_of(envelope.get("created", envelope.get("created_at")))
    last = messages[-1]
    if last.role == "assistant":
        around = [row, *exchange.envelopes]
        last.is_truncated = last.is_truncated or any(_is_cut(envelope) for envelope in around)
        if last.thought_form is None and any(_thought_tokens(envelope) for envelope in around):
            last.thought_form = "hidden"
    return build(row, assemble(messages), read=exchange.read, found=found, origin=origin)


def _messages(given: Iterable[Any], found: Findings, dropped: dict[str, int]) -> Iterable[Message]:
    system: list[str] = []
    for number, message in enumerate(given, 1):
        if not isinstance(message, dict):
            raise RowError(f"message {number} is of type {type(message).__name__}, not a record with a role")
        role = str(message.get("role", "")).lower()
        if (ours := _ROLES.get(role)) is None:
            if role in _SYSTEM:
                system.append(read_content(message.get("content"), dropped).text)
            else:
                count(dropped, "tool_results" if role in ("tool", "function") else f"role:{role[:40]}")
            continue
        if found.created_at is None and (moment := message.get("created_at") or message.get("timestamp")):
            found.created_at = time_of(moment)
        if ours == "assistant":
            found.model = found.model or _text(message.get("model"))
            yield _assistant(message, dropped)
        else:
            content = read_content(message.get("content"), dropped)
            if not content.is_tool_traffic:
                yield Message("user", content.text)
    found.system = "\n\n".join(text for text in system if text.strip())


def _assistant(message: Mapping[str, Any], dropped: dict[str, int]) -> Message:
    content = read_content(message.get("content"), dropped)
    inline = split(content.text)
    copies: list[Thought] = content.thoughts
    is_cut = inline.is_truncated
    if len(message) > 2:  # more than role and content
        copies = [*thoughts_of(message), *copies]
        calls = message.get("tool_calls")
        count(dropped, "tool_calls", len(calls) if isinstance(calls, list) else 0)
        count(dropped, "tool_calls", 1 if message.get("function_call") else 0)
        is_cut = is_cut or _is_cut(message)
    count(dropped, "tool_calls", inline.tool_calls)
    if inline.thought_form:
        copies = [*copies, Thought(inline.thought, inline.thought_form)]
    thought = settle(copies, dropped) if copies else None
    refusal = message.get("refusal")
    response = inline.response or (refusal if isinstance(refusal, str) else "")
    if thought is None:
        return Message("assistant", response, "", "hidden" if _thought_tokens(message) else None, is_cut)
    return Message("assistant", response, without_data_urls(thought.text, dropped), thought.form, is_cut)


def _is_cut(envelope: Mapping[str, Any]) -> bool:
    return any(str(envelope[name]).lower() in _CUT for name in _FINISH if name in envelope)


def _thought_tokens(envelope: Mapping[str, Any]) -> bool:
    """Whether a usage record says that the model thought."""
    usage = envelope.get("usage")
    records = [envelope, usage] if isinstance(usage, dict) else [envelope]
    for record in records:
        for name in ("completion_tokens_details", "output_tokens_details"):
            if isinstance(record.get(name), dict):
                records.append(record[name])
    return any(isinstance(tokens := record.get("reasoning_tokens"), int | float) and tokens > 0 for record in records)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
