"""WildChat: `conversation` beside personal data (hashed address, country, headers), which is dropped."""

from collections.abc import Mapping
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.conversation import Exchange, is_message_list, read_exchange
from featdisc_assets.formats.parsing.json_text import decode_cell
from featdisc_assets.formats.parsing.person_fields import person_hash
from featdisc_assets.transcript import Transcript

_COLUMNS = ("conversation_hash", "hashed_ip", "toxic", "redacted", "country", "header", "state", "detoxify_moderation")


def _conversation(row: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return decode_cell(row.get("conversation"), is_message_list)


def _read(row: object, origin: Origin) -> Transcript:
    if not isinstance(row, dict) or not is_message_list(conversation := _conversation(row)):
        raise RowError("no WildChat conversation: it has no `conversation`")
    exchange = Exchange(conversation, consumed={"conversation": conversation})
    records = [record for record in (row, *conversation) if isinstance(record, dict)]
    exchange.columns["group"] = next((name for record in records if (name := person_hash(record, origin.salt))), None)
    return read_exchange(row, exchange, origin)


def _score(row: object) -> int:
    if not isinstance(row, dict) or not is_message_list(conversation := _conversation(row)):
        return 0
    found = sum(name in row or name in conversation[0] for name in _COLUMNS)
    return found + 2 if found >= 2 and ("conversation_hash" in row or "hashed_ip" in conversation[0]) else 0


WILDCHAT = Adapter("wildchat", _score, _read)
