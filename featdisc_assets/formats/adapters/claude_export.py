"""Claude.ai exports: `chat_messages` with a `sender` each."""

from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.conversation import Exchange, read_exchange
from featdisc_assets.transcript import Transcript

_ROLES = {"human": "user", "assistant": "assistant"}


def _read(row: object, origin: Origin) -> Transcript:
    if not isinstance(row, dict) or not isinstance(row.get("chat_messages"), list):
        raise RowError("no Claude.ai conversation: it has no `chat_messages`")
    given = [message for message in row["chat_messages"] if isinstance(message, dict)]
    if len(given) < len(row["chat_messages"]):
        raise RowError("a chat message is no record")
    # The order of an export is undefined.
    given.sort(key=lambda message: str(message.get("created_at", "")))
    exchange = Exchange([_message(message) for message in given], consumed={"chat_messages": row["chat_messages"]})
    for message in given:
        exchange.dropped += _unread(message)
    return read_exchange(row, exchange, origin)


def _message(message: dict[str, Any]) -> dict[str, Any]:
    blocks = message.get("content")
    sender = str(message.get("sender"))
    return {
        "role": _ROLES.get(sender, sender),
        "content": blocks if isinstance(blocks, list) and blocks else message.get("text"),
        "created_at": message.get("created_at"),
    }


def _unread(message: dict[str, Any]) -> list[tuple[str, Any]]:
    """The parts of a message that are not read: a second copy of its text, and files."""
    found: list[tuple[str, Any]] = []
    if isinstance(message.get("content"), list) and message["content"] and message.get("text"):
        found.append(("repeated_text", message["text"]))
    for name in ("attachments", "files", "files_v2"):
        if message.get(name):
            found.append(("attachment", message[name]))
    return found


def _score(row: object) -> int:
    return 5 if isinstance(row, dict) and isinstance(row.get("chat_messages"), list) and _has_sender(row) else 0


def _has_sender(row: dict[str, Any]) -> bool:
    return all(isinstance(message, dict) and "sender" in message for message in row["chat_messages"][:3])


CLAUDE_EXPORT = Adapter("claude_export", _score, _read)
