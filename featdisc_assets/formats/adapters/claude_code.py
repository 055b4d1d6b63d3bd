"""Claude Code sessions: a file of events with branches, side chains and reminders."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.conversation import Exchange, read_exchange
from featdisc_assets.transcript import Transcript

_KINDS = (
    *("user", "assistant", "system", "summary", "file-history-snapshot", "queue-operation", "progress", "attachment"),
)
_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>\s*", re.DOTALL)


def is_event(value: object) -> bool:
    """Whether a row is a line of a session."""
    if not isinstance(value, dict) or value.get("type") not in _KINDS:
        return False
    if "sessionId" in value and ("uuid" in value or "timestamp" in value or "operation" in value):
        return True
    return (value["type"] == "summary" and "leafUuid" in value) or (
        value["type"] == "file-history-snapshot" and "snapshot" in value
    )


def group_sessions(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Group the events of a file by session, in the order in which the sessions begin.

    Args:
        events: lines of one file; lines without a session id belong to the first session.
    """
    sessions: dict[str, list[dict[str, Any]]] = {}
    loose: list[dict[str, Any]] = []
    for event in events:
        name = event.get("sessionId")
        sessions.setdefault(str(name), []).append(event) if name else loose.append(event)
    for number, (name, lines) in enumerate(sessions.items()):
        yield {"claude_code_session": name, "events": [*lines, *(loose if number == 0 else [])]}
    if not sessions and loose:
        yield {"claude_code_session": "", "events": loose}


def _read(row: object, origin: Origin) -> Transcript:
    if is_event(row):
        row = next(group_sessions([row]))  # type: ignore[list-item]
    if not isinstance(row, dict) or not isinstance(row.get("events"), list):
        raise RowError("no Claude Code session: give the lines of its file")
    events = [event for event in row["events"] if isinstance(event, dict)]
    exchange = Exchange([], consumed={"events": row["events"]})
    chain, excluded = _main_chain(events)
    for reason, event in excluded:
        exchange.dropped.append((reason, event))
    models: list[str] = []
    last_id: str | None = None
    for event in chain:
        message = event["message"]
        extra = {key: value for key, value in event.items() if key not in ("message", "type")}
        if event["type"] == "assistant":
            model = message.get("model")
            if isinstance(model, str) and model != "<synthetic>":
                models.append(model)
            content = message.get("content")
            blocks = content if isinstance(content, list) else [content]
            if message.get("id") is not None and message.get("id") == last_id:
                exchange.messages[-1]["content"] += blocks
            else:
                exchange.messages.append({"role": "assistant", "content": list(blocks)})
            if message.get("stop_reason"):
                exchange.messages[-1]["stop_reason"] = message["stop_reason"]
            last_id = message.get("id")
            rest = {key: value for key, value in message.items() if key not in ("content", "role", "model", "id")}
            exchange.dropped.append(("event_details", {**extra, "message": rest}))
            continue
        last_id = None
        exchange.messages.append({"role": "user", "content": _without_reminders(message.get("content"), exchange)})
        repeated = extra.pop("toolUseResult", None)
        exchange.dropped += [("event_details", extra), ("repeated_tool_result", repeated)]
    named = next((event["summary"] for event in events if isinstance(event.get("summary"), str)), None)
    first = next((event["timestamp"] for event in events if event.get("timestamp")), None)
    columns = {"id": row.get("claude_code_session"), "created_at": first, "model": models[-1] if models else None}
    exchange.metadata = {"title": named} if named else {}
    exchange.dropped = [(reason, value) for reason, value in exchange.dropped if value]
    exchange.columns = columns
    return read_exchange({"events": row["events"]}, exchange, origin)


def _main_chain(
    events: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    """The messages that led to the session's end, and the other lines, each with the reason why it is excluded.

    The chain runs from the last message back along `parentUuid`. If a parent is not in the file (the session was
    compacted or resumed), the message before it in the file is its parent.
    """
    excluded: list[tuple[str, dict[str, Any]]] = []
    messages: list[int] = []
    by_id = {event["uuid"]: number for number, event in enumerate(events) if isinstance(event.get("uuid"), str)}
    for number, event in enumerate(events):
        if event.get("type") in ("user", "assistant") and isinstance(event.get("message"), dict):
            if event.get("isSidechain"):
                excluded.append(("side_chain", event))
            elif event.get("isMeta"):
                excluded.append(("injected_text", event))
            else:
                messages.append(number)
        else:
            excluded.append((f"event:{str(event.get('type'))[:40]}", event))
    wanted = _ancestors(events, messages, by_id)
    # One API message may have several lines, and parallel tool calls attach their results to different ones.
    kept_ids = {_message_id(events[number]) for number in wanted} - {None}
    chain: list[dict[str, Any]] = []
    answered: set[str] = set()
    for number in messages:
        event = events[number]
        if number in wanted or _message_id(event) in kept_ids or str(event.get("parentUuid")) in answered:
            chain.append(event)
            if event["type"] == "assistant" and isinstance(event.get("uuid"), str):
                answered |= {event["uuid"]} if _calls_tools(event) else set()
        else:
            excluded.append(("other_branch", event))
    return chain, excluded


def _ancestors(events: list[dict[str, Any]], messages: list[int], by_id: dict[str, int]) -> set[int]:
    wanted: set[int] = set()
    at = messages[-1] if messages else None
    while at is not None and at not in wanted:
        wanted.add(at)
        parent = events[at].get("parentUuid") or events[at].get("logicalParentUuid")
        before = by_id.get(parent) if isinstance(parent, str) else None
        if before is None and parent is not None:
            place = bisect_left(messages, at)
            before = messages[place - 1] if place else None
        at = before
    return wanted


def _calls_tools(event: dict[str, Any]) -> bool:
    content = event["message"].get("content")
    return isinstance(content, list) and any(isinstance(b, dict) and b.get("type") == "tool_use" for b in content)


def _message_id(event: dict[str, Any]) -> str | None:
    message = event.get("message")
    name = message.get("id") if isinstance(message, dict) and event.get("type") == "assistant" else None
    return name if isinstance(name, str) else None


def _without_reminders(content: object, exchange: Exchange) -> object:
    """Drop the reminders that the program inserts into the user's text."""
    if isinstance(content, str):
        exchange.dropped += [("injected_text", text) for text in _REMINDER.findall(content)]
        return _REMINDER.sub("", content)
    if isinstance(content, list):
        return [
            {**part, "text": _without_reminders(part["text"], exchange)}
            if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
            else part
            for part in content
        ]
    return content


def _score(row: object) -> int:
    if isinstance(row, dict) and "claude_code_session" in row:
        return 9
    return 6 if is_event(row) else 0


CLAUDE_CODE = Adapter("claude_code", _score, _read)
