"""Read a list of chat messages into a transcript."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from featdisc_assets.formats.adapter import Origin, RowError
from featdisc_assets.formats.parsing.character_account import CharacterAccount, tool_call, tool_result
from featdisc_assets.formats.parsing.content import read_content, tool_output_text, without_data_urls
from featdisc_assets.formats.parsing.fields import RowFields, build, parse_time
from featdisc_assets.formats.parsing.person_fields import PERSONAL_FIELDS, drop_personal, person_hash
from featdisc_assets.formats.parsing.thoughts import message_thoughts, read_answer
from featdisc_assets.formats.parsing.turns import Message, assemble
from featdisc_assets.transcript import ThoughtForm, Transcript

SYSTEM_ROLES = ("system", "developer")
_ROLES = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "gpt": "assistant",
}
_TOOL = ("tool", "function", "observation", "tool_response", "tool_result", "ipython", "environment")
_CUT = ("length", "max_tokens", "model_length", "max_output_tokens")
_FINISH = ("finish_reason", "stop_reason", "done_reason")


@dataclass(slots=True)
class Exchange:
    """The conversation that an adapter located in a row.

    Args:
        messages: the messages sent.
        answer: the message received, if it is not among `messages`.
        envelopes: the records around the messages (request, response, choice), most specific first.
        consumed: the row's fields that the conversation was read from, JSON text already parsed.
        system: the system prompt, if it is not among `messages`.
        other_choices: alternative answers; they are dropped.
        dropped: parts of `consumed` that go into no turn, each with its reason.
        columns: `id`, `model`, `group`, `created_at` and `source`, as far as the adapter knows them.
        metadata: entries of the transcript's metadata.
        is_mapped: whether `columns` take precedence over the row's own fields.
    """

    messages: list[Any]
    answer: Mapping[str, Any] | None = None
    envelopes: list[Mapping[str, Any]] = field(default_factory=list)
    consumed: dict[str, Any] = field(default_factory=dict)
    system: Any = None
    other_choices: list[Any] = field(default_factory=list)
    dropped: list[tuple[str, Any]] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    is_mapped: bool = False


def is_message_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is a list whose first item is a record with a `role`."""
    return (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict) and isinstance(value[0].get("role"), str)
    )


def read_exchange(row: Mapping[str, Any], exchange: Exchange, origin: Origin) -> Transcript:
    """Make a transcript of a located conversation.

    Thoughts are read from every vendor's field and from inline tags, and stored once. Tool traffic is kept as a kind of
    its own or dropped, media are dropped. System and developer messages become `metadata["system"]`.

    Args:
        row: the row, for its other fields.
        exchange: the conversation in the row.
        origin: where the row came from.

    Raises:
        RowError: if a message is not a record, or no message is the user's or the model's.
    """
    found = RowFields(CharacterAccount(tools=origin.tools))
    account = found.account
    known = exchange.columns
    found.transcript_id, found.model, found.group_key = (_text(known.get(name)) for name in ("id", "model", "group"))
    found.created_at, found.metadata = parse_time(known.get("created_at")), exchange.metadata
    found.is_mapped, found.source = exchange.is_mapped, _text(known.get("source"))
    given = [*exchange.messages, exchange.answer] if exchange.answer is not None else exchange.messages
    messages = list(read_messages(given, found, origin, system=exchange.system))
    if not any(message.role != "tool" for message in messages):
        roles = sorted({str(message.get("role"))[:40] for message in given if isinstance(message, dict)})
        raise RowError(f"no user or assistant message; roles found: {', '.join(roles[:10]) or 'none'}")
    if exchange.other_choices:
        account.drop_value("other_choice", exchange.other_choices, n=len(exchange.other_choices))
    for reason, value in exchange.dropped:
        account.drop_value(reason, value)
    read_envelopes(row, exchange.envelopes, messages, found)
    return build(row, assemble(messages, account), consumed=exchange.consumed, found=found, origin=origin)


def unwrap_body(value: Any) -> Any:  # noqa: ANN401
    """The `body` of a batch request or response; any other value as it is."""
    return value["body"] if isinstance(value, dict) and isinstance(value.get("body"), dict) else value


def read_envelopes(
    row: Mapping[str, Any], envelopes: list[Mapping[str, Any]], messages: list[Message], found: RowFields
) -> None:
    """Read model, id and time from the records around the messages, and whether the last answer was cut off."""
    for envelope in envelopes:
        found.model = found.model or _text(envelope.get("model"))
        found.transcript_id = found.transcript_id or _text(envelope.get("id"))
        found.created_at = found.created_at or parse_time(envelope.get("created", envelope.get("created_at")))
        if envelope is not row and isinstance(envelope.get("tools"), list):
            found.account.drop_value("tool_definition", envelope["tools"], n=len(envelope["tools"]))
    last = messages[-1] if messages else None
    if last is not None and last.role == "assistant":
        around = [row, *envelopes]
        last.is_truncated = last.is_truncated or any(is_cut(envelope) for envelope in around)
        if last.thought_form is None and any(has_thought_tokens(envelope) for envelope in around):
            last.thought_form = "hidden"


def read_messages(
    given: Iterable[Any],
    found: RowFields,
    origin: Origin,
    *,
    system: object = None,
) -> Iterator[Message]:
    """Read chat messages in order; `found` takes the system prompt and the first time, model and person.

    Raises:
        RowError: if a message is not a record.
    """
    account = found.account
    prompts = [read_content(system, account, None).text] if system else []
    for number, message in enumerate(given, 1):
        if not isinstance(message, dict):
            raise RowError(f"message {number} is of type {type(message).__name__}, not a record with a role")
        role = str(message.get("role", "")).lower()
        ours = _ROLES.get(role)
        if len(message) > 2:  # more than role and content
            _note(message, found, origin)
        if ours and message.get("content") is not None:
            account.expected_kinds.add("user" if ours == "user" else "response")
        if role in SYSTEM_ROLES:
            prompts.append(read_content(message.get("content"), account, None).text)
        elif ours == "assistant":
            yield read_assistant(message, account)
        elif ours == "user":
            content = read_content(message.get("content"), account, "user")
            if not content.is_tool_traffic:
                yield Message("user", content.text)
            if content.tool:
                yield Message("tool", tool=content.tool)
        elif role in _TOOL:
            result = {name: value for name, value in message.items() if name not in PERSONAL_FIELDS}
            yield Message("tool", tool=[tool_result(result, tool_output_text(message.get("content")), account)])
        else:
            noted = PERSONAL_FIELDS | {"name"} if len(message) > 2 else PERSONAL_FIELDS
            account.drop_value(
                f"role:{role[:40]}", {name: value for name, value in message.items() if name not in noted}
            )
    found.add_system(prompts, n=sum(1 for text in prompts if text.strip()))


def _note(message: Mapping[str, Any], found: RowFields, origin: Origin) -> None:
    if found.created_at is None and (moment := message.get("created_at") or message.get("timestamp")):
        found.created_at = parse_time(moment)
    found.group_key = found.group_key or person_hash(message, origin.salt)
    drop_personal(message, found.account)
    if isinstance(message.get("name"), str) and str(message.get("role", "")).lower() not in _TOOL:
        found.account.drop_value("speaker_name", message["name"])
    if found.model is None and message.get("role") not in ("user", "system"):
        found.model = _text(message.get("model"))


def read_assistant(message: Mapping[str, Any], account: CharacterAccount) -> Message:
    """Read a message of the model: its text, its thought from any field or tag, and its tool calls."""
    content = read_content(message.get("content"), account, "response")
    copies, tool = content.thoughts, content.tool
    cut, refusal = False, None
    if len(message) > 2:  # more than role and content
        copies = [*message_thoughts(message, account), *copies]
        calls = message.get("tool_calls")
        for call in (*(calls if isinstance(calls, list) else ()), message.get("function_call")):
            if isinstance(call, dict):
                tool.append(tool_call(call, account))
        cut, refusal = is_cut(message), message.get("refusal")
    answer = read_answer(content.text, copies, account)
    response, thought = answer.response, answer.thought
    if isinstance(refusal, str) and refusal and not response:
        response = account.record(refusal)
    form: ThoughtForm | None = "hidden" if has_thought_tokens(message) else None
    text = without_data_urls(thought.text, account, "thought") if thought else ""
    return Message(
        "assistant",
        response,
        text,
        thought.form if thought else form,
        cut or answer.is_truncated,
        [*tool, *answer.tool],
    )


def is_cut(envelope: Mapping[str, Any]) -> bool:
    """Whether a record says that the answer reached its length limit."""
    return any(str(envelope[name]).lower() in _CUT for name in _FINISH if name in envelope)


def has_thought_tokens(envelope: Mapping[str, Any]) -> bool:
    """Whether a usage record counts thought tokens."""
    usage = envelope.get("usage")
    records = [envelope, usage] if isinstance(usage, dict) else [envelope]
    for record in records:
        for name in ("completion_tokens_details", "output_tokens_details"):
            if isinstance(record.get(name), dict):
                records.append(record[name])
    return any(isinstance(tokens := record.get("reasoning_tokens"), int | float) and tokens > 0 for record in records)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
