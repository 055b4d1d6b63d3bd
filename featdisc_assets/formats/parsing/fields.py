"""The fields around a conversation: id, model, group, time, source and metadata."""

import datetime as dt
import decimal
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.formats.adapter import Origin, RowError
from featdisc_assets.formats.parsing.character_account import CharacterAccount, count_characters
from featdisc_assets.formats.parsing.identity import row_id
from featdisc_assets.formats.parsing.person_fields import PERSONAL_FIELDS, person_hash
from featdisc_assets.transcript import Kind, Transcript, Turn

# The first of these that a row has is used; the others become metadata.
ID_FIELDS = (
    *("transcript_id", "id", "chat_id", "conversation_id", "custom_id", "uuid", "conversation_hash"),
    *("session_id", "thread_id", "request_id", "trace_id"),
)
GROUP_FIELDS = ("group_key", "group", "question_id", "sample_id", "task_id", "prompt_id", "problem_id")
MODEL_FIELDS = ("model", "model_name", "model_id")
TIME_FIELDS = ("created_at", "created", "timestamp", "create_time", "datetime", "time", "date")

_SCALARS = (str, int, float, bool, type(None))
# A list of tags or a usage record is metadata; an array of log probabilities is not.
_FLAT_ITEMS = 50


@dataclass(slots=True)
class RowFields:
    """What an adapter found in a row besides the turns; the row's own fields take precedence, unless `is_mapped`."""

    account: CharacterAccount
    transcript_id: str | None = None
    model: str | None = None
    created_at: dt.datetime | None = None
    group_key: str | None = None
    system: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    is_mapped: bool = False
    source: str | None = None

    def add_system(self, prompts: list[str], *, n: int = 1) -> None:
        """Join the system prompts; they are kept in the metadata, so the account drops them."""
        self.system = self.account.join(prompts, None)
        if self.system:
            self.account.drop("system_prompt", len(self.system), n=n)


def build(
    row: Mapping[str, Any], turns: tuple[Turn, ...], *, consumed: Mapping[str, Any], found: RowFields, origin: Origin
) -> Transcript:
    """Make the transcript of a row whose turns are known, and complete its account.

    Unused scalar fields, short flat lists and short flat records become metadata. So do the items of a `metadata`
    record, unless the row has a field of the same name. Larger values are dropped as `field:NAME`, personal data as
    `personal_data`. `metadata["reading_notes"]` holds the origin's notes.

    Args:
        row: the row; `{}` for a bare list of messages.
        turns: the conversation.
        consumed: the fields that the turns were read from, with their values as they were read.
        found: what the adapter found besides the turns.
        origin: where the row came from.

    Returns:
        The transcript; its id is the row's own or, without one, a hash of its content.

    Raises:
        RowError: if no turn holds any text or trace of a thought.
    """
    if not any(turn.user or turn.response or turn.thought or turn.thought_form or turn.tool for turn in turns):
        raise RowError("no text in any message")
    nested = row.get("metadata") if "metadata" not in consumed else None
    records: tuple[Mapping[str, Any], ...] = (row, nested) if isinstance(nested, dict) and nested else (row,)
    used: set[str] = set()
    given_id = _first_text(records, ID_FIELDS, used)
    model = _first_text(records, MODEL_FIELDS, used)
    group_key = _first_text(records, GROUP_FIELDS, used)
    created_at = _first_time(records, used)
    source = found.source or _first_text((row,), ("source",), used) or origin.source
    if found.is_mapped:
        given_id, model = found.transcript_id or given_id, found.model or model
        group_key, created_at = found.group_key or group_key, found.created_at or created_at
    else:
        given_id, model = given_id or found.transcript_id, model or found.model
        group_key, created_at = group_key or found.group_key, created_at or found.created_at
    if group_key is None:
        group_key = next((name for record in records if (name := person_hash(record, origin.salt))), None)

    account = found.account
    chars_in = _count_consumed(consumed, account)
    metadata: dict[str, Any] = {}
    for record in reversed(records):
        for key, value in record.items():
            if key in consumed or value is None or (record is row and value is nested and nested is not None):
                continue
            chars_in += _sort(key, value, used, metadata, account)
    metadata |= {key: value for key, value in found.metadata.items() if key not in metadata}
    if found.system:
        given = metadata.get("system")
        metadata["system"] = f"{given}\n\n{found.system}" if isinstance(given, str) and given else found.system
    if origin.notes:
        metadata["reading_notes"] = origin.notes
        if nul := origin.notes.get("nul_characters"):
            chars_in += nul
            account.drop("nul_character", nul, n=nul)
    return Transcript(
        given_id or row_id(turns, model, group_key, created_at, metadata),
        source,
        turns,
        model,
        group_key,
        created_at,
        metadata,
        account.dropped(),
        chars_in,
        account.added,
        tuple(sorted(kind for kind in account.expected_kinds if not _is_filled(kind, turns))),
    )


def _is_filled(kind: Kind, turns: tuple[Turn, ...]) -> bool:
    # A hidden or redacted thought has a form without text; a response can be cut off before its first word.
    return any(
        getattr(turn, kind)
        or (kind == "thought" and turn.thought_form)
        or (kind == "response" and (turn.is_truncated or turn.tool))
        for turn in turns
    )


def _count_consumed(consumed: Mapping[str, Any], account: CharacterAccount) -> int:
    """Count the characters of the consumed fields; text that is neither recorded nor a label is dropped as unread."""
    weight = count_characters(consumed)
    if weight.labels:
        account.drop("structure", weight.labels)
    if weight.signatures:
        account.drop("signature", weight.signatures)
    if unread := weight.text - account.recorded:
        account.drop("unread_text", unread)
    return sum(weight)


def _sort(key: str, value: Any, used: set[str], metadata: dict[str, Any], account: CharacterAccount) -> int:  # noqa: ANN401
    """Keep a field as metadata or drop it; returns its characters."""
    n_chars = sum(count_characters(value)) if isinstance(value, str | dict | list) else 0
    if key in used:
        reason = "identifier"
    elif key in PERSONAL_FIELDS or key == "user_id":
        reason = "personal_data"
    elif isinstance(value, _SCALARS):
        metadata[key], reason = _finite(value), "metadata"
    elif _is_flat(value):
        metadata[key], reason = _to_json(value), "metadata"
    else:
        reason = f"field:{key}"[:60]
    if n_chars or (value and reason.startswith("field:")):
        account.drop(reason, n_chars)
    return n_chars


def parse_time(value: object) -> dt.datetime | None:
    """Parse a time: ISO 8601 text, or an epoch in seconds, milli-, micro- or nanoseconds (by its size).

    Args:
        value: text, a number, a datetime or a date. A time without a zone is UTC.

    Returns:
        The time in UTC, or None if the value is not a time.
    """
    try:
        if isinstance(value, str):
            text = value.strip()
            number = text.replace(".", "", 1).lstrip("-")
            moment = _epoch(float(text)) if number.isascii() and number.isdigit() else dt.datetime.fromisoformat(text)
        elif isinstance(value, dt.datetime):
            moment = value
        elif isinstance(value, dt.date):
            moment = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
        elif isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool):
            moment = _epoch(float(value))
        else:
            return None
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _epoch(number: float) -> dt.datetime:
    for limit, unit in ((1e11, 1), (1e14, 1e3), (1e17, 1e6)):
        if abs(number) < limit:
            return dt.datetime.fromtimestamp(number / unit, dt.UTC)
    return dt.datetime.fromtimestamp(number / 1e9, dt.UTC)


def _to_json(value: Any) -> Any:  # noqa: ANN401
    """Convert a value of a Parquet file to JSON types; times become ISO text, bytes their length."""
    if isinstance(value, str | bool | int | type(None)):
        return value
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, float | decimal.Decimal):
        return _finite(float(value))
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _finite(value: Any) -> Any:  # noqa: ANN401
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_flat(value: object) -> bool:
    if isinstance(value, dict | list):
        items = list(value.values()) if isinstance(value, dict) else value
        return 0 < len(items) <= _FLAT_ITEMS and all(isinstance(item, _SCALARS) for item in items)
    return True


def _first_text(records: tuple[Mapping[str, Any], ...], names: tuple[str, ...], used: set[str]) -> str | None:
    for record in records:
        for name in names:
            if name not in record:
                continue
            value = record[name]
            if isinstance(value, float) and math.isfinite(value) and value.is_integer():
                value = int(value)  # a column of whole numbers with gaps arrives as floats
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                text = str(value).strip()
                if text and text != "nan":
                    used.add(name)
                    return text
    return None


def _first_time(records: tuple[Mapping[str, Any], ...], used: set[str]) -> dt.datetime | None:
    for record in records:
        for name in TIME_FIELDS:
            if name in record and (moment := parse_time(record[name])) is not None:
                used.add(name)
                return moment
    return None
