"""LMSYS-Chat-1M: `conversation` beside `turn` and `openai_moderation`."""

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.conversation import Exchange, is_message_list, read_exchange
from featdisc_assets.formats.parsing.json_text import decode_cell
from featdisc_assets.transcript import Transcript

_COLUMNS = ("conversation_id", "turn", "openai_moderation", "language", "redacted")


def _read(row: object, origin: Origin) -> Transcript:
    conversation = decode_cell(row.get("conversation"), is_message_list) if isinstance(row, dict) else None
    if not isinstance(row, dict) or not is_message_list(conversation):
        raise RowError("no LMSYS chat: it has no `conversation`")
    return read_exchange(row, Exchange(conversation, consumed={"conversation": conversation}), origin)


def _score(row: object) -> int:
    if not isinstance(row, dict) or not is_message_list(decode_cell(row.get("conversation"), is_message_list)):
        return 0
    found = sum(name in row for name in _COLUMNS)
    return found + 2 if "openai_moderation" in row and found >= 3 else 0


LMSYS = Adapter("lmsys", _score, _read)
