"""Inspect AI logs: samples with messages, shared attachments, and epochs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.conversation import Exchange, is_message_list, read_exchange
from featdisc_assets.transcript import Transcript

_ATTACHMENT = re.compile(r"attachment://([0-9a-zA-Z_-]+)")
# Limits the text that attachments add: a row may refer to one a million times.
MAX_RESOLVED_CHARS = 64 * 2**20
LOG = "inspect_log"


def is_log(value: object) -> bool:
    """Whether a row is a whole log."""
    return isinstance(value, dict) and isinstance(value.get("eval"), dict) and isinstance(value.get("samples"), list)


def log_header(log: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a log that all its samples share."""
    known = log.get("eval")
    run = known if isinstance(known, dict) else {}
    wanted = {"model": run.get("model"), "task": run.get("task"), "run_id": run.get("run_id"),
              "created": run.get("created")}  # fmt: skip
    return {name: value for name, value in wanted.items() if isinstance(value, str)}


def log_samples(log: Mapping[str, Any]) -> Iterator[Any]:
    """Yield one row per sample, with the log's header under `LOG`."""
    header = log_header(log)
    for sample in log["samples"]:
        yield {**sample, LOG: header} if isinstance(sample, dict) else sample


def _read(row: object, origin: Origin) -> Transcript:
    if is_log(row):
        raise RowError("a whole log inside a row: give the log as a file of its own")
    if not isinstance(row, dict) or not is_message_list(row.get("messages")):
        reason = row.get("error") if isinstance(row, dict) else None
        raise RowError(f"the sample holds no messages{f': {str(reason)[:200]}' if reason else ''}")
    attachments = row.get("attachments")
    resolved = _Attachments(attachments if isinstance(attachments, dict) else {})
    messages = resolved.in_value(row["messages"])
    header, output = (_record(row.get(name)) for name in (LOG, "output"))
    sample_id = str(row.get("id", ""))
    epoch = row.get("epoch")
    task = str(header.get("task", ""))
    name = "/".join(part for part in (task, str(header.get("run_id", "")), sample_id, str(epoch or "")) if part)
    exchange = Exchange(
        [_message(message) for message in messages],
        consumed={"messages": messages},
        envelopes=[_ending(output)],
        columns={
            "id": str(row.get("uuid") or name),
            "model": output.get("model") or header.get("model"),
            # Epochs repeat one question.
            "group": "/".join(part for part in (task, sample_id) if part) or None,
            "created_at": header.get("created"),
        },
    )
    exchange.metadata = {"task": task, "sample_id": sample_id, "epoch": epoch} | _scores(row.get("scores"))
    rest = {
        key: value for key, value in row.items() if key not in ("messages", "id", "uuid", "epoch", LOG, "attachments")
    }
    # Large fields, such as events, repeat the conversation.
    if unused := resolved.unused():
        exchange.dropped.append(("attachment", unused))
        exchange.consumed["attachments"] = unused
    big = {key: value for key, value in rest.items() if isinstance(value, dict | list) and key != "metadata"}
    small = {key: value for key, value in rest.items() if key not in big}
    for key, value in big.items():
        exchange.consumed[key] = value
        exchange.dropped.append((f"field:{key}"[:60], value))
    return read_exchange(small, exchange, origin)


class _Attachments:
    """Replaces references to attachments by their texts."""

    def __init__(self, texts: Mapping[str, Any]) -> None:
        self.texts = {key: value for key, value in texts.items() if isinstance(value, str)}
        self.used: set[str] = set()
        self.grown = 0

    def in_value(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            return _ATTACHMENT.sub(self._resolve, value) if "attachment://" in value else value
        if isinstance(value, list):
            return [self.in_value(item) for item in value]
        if isinstance(value, dict):
            return {key: self.in_value(item) for key, item in value.items()}
        return value

    def _resolve(self, match: re.Match[str]) -> str:
        text = self.texts.get(match[1])
        if text is None:
            return match[0]
        self.used.add(match[1])
        self.grown += len(text)
        if self.grown > MAX_RESOLVED_CHARS:
            raise RowError(f"its attachments come to more than {MAX_RESOLVED_CHARS:,} characters: leave media out")
        return text

    def unused(self) -> dict[str, str]:
        return {key: text for key, text in self.texts.items() if key not in self.used}


def _message(message: Any) -> Any:  # noqa: ANN401
    if not isinstance(message, dict):
        return message
    kept = {"role", "content", "tool_calls", "model", "function", "name", "usage", "error", "tool_call_id"}
    return {key: value for key, value in message.items() if key in kept}


def _record(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _ending(output: Mapping[str, Any]) -> dict[str, Any]:
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    usage = output.get("usage")
    return {"stop_reason": first.get("stop_reason"), "usage": usage if isinstance(usage, dict) else {}}


def _scores(scores: object) -> dict[str, Any]:
    """The value of each scorer, as metadata."""
    found: dict[str, Any] = {}
    for name, score in scores.items() if isinstance(scores, dict) else ():
        value = score.get("value") if isinstance(score, dict) else score
        if isinstance(value, str | int | float | bool):
            found[f"score_{name}"[:60]] = value
    return found


def _score(row: object) -> int:
    if is_log(row):
        return 8
    if not isinstance(row, dict) or "messages" not in row:
        return 0
    signs = ("epoch", "target", "scores", "attachments", "input", "output", "events", "choices", LOG)
    found = sum(name in row for name in signs)
    return found + 2 if "epoch" in row and "id" in row and found >= 3 else 0


INSPECT = Adapter("inspect", _score, _read)
