"""Names made from content, and the rule for names that occur twice."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import orjson

from featdisc_assets.transcript import Rejected, Transcript, Turn


def content_hash(turns: tuple[Turn, ...], model: str | None) -> str:
    """Hash what was consumed and by which model.

    Args:
        turns: the conversation.
        model: the model, if known.

    Returns:
        32 hex digits, equal exactly where the texts, their forms and the model are.
    """
    return _content(turns, model).hexdigest()


def metadata_json(metadata: dict[str, Any]) -> str:
    """Write metadata as JSON with sorted keys, so that equal metadata are equal bytes."""
    try:
        return orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # orjson stops at 64-bit integers and 254 levels
        return json.dumps(metadata, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def row_id(
    turns: tuple[Turn, ...],
    model: str | None,
    group_key: str | None,
    created_at: dt.datetime | None,
    metadata: dict[str, Any],
) -> str:
    """Name a row that brings no id, by all it says: rows that differ in any field are different transcripts."""
    digest = _content(turns, model)
    digest.update(repr((group_key, created_at and created_at.isoformat(), metadata_json(metadata))).encode())
    return digest.hexdigest()


def _content(turns: tuple[Turn, ...], model: str | None) -> blake2b:
    # The lengths in front keep ("ab", "c") and ("a", "bc") apart.
    lengths = [f"{model or ''}\n"]
    texts: list[str] = []
    for turn in turns:
        texts += (turn.user, turn.thought, turn.response)
        form = f"{turn.thought_form or ''},{turn.is_truncated:d}"
        lengths.append(f"{len(turn.user)},{len(turn.thought)},{len(turn.response)},{form}\n")
        if turn.tool:
            texts.append(turn.tool)
            lengths.append(f"tool,{len(turn.tool)}\n")
    digest = blake2b("".join(lengths).encode(), digest_size=16)
    digest.update(b"\0")
    digest.update("".join(texts).encode())
    return digest


class Duplicates:
    """Decides what becomes of an id that occurs again.

    Same id and same content (turns and model): the first stays, the later one is rejected. Same id and other content:
    the later ones take the suffix `#2`, `#3` … in the order they are read, which is the sorted order of the files and
    the order of the rows in them. Keeps 16 bytes a transcript and 16 an id.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._uses: dict[bytes, int] = {}

    def resolve(self, transcript: Transcript, location: str, excerpt: Callable[[], str]) -> Transcript | Rejected:
        """Let a transcript in, under another id if need be, or reject it as a duplicate.

        Args:
            transcript: what was read.
            location: where, for quarantine.
            excerpt: gives its first characters, for quarantine.

        Returns:
            The transcript (perhaps renamed), or the row for quarantine.
        """
        given = transcript.transcript_id
        both = _short(given + "\n" + content_hash(transcript.turns, transcript.model))
        if both in self._seen:
            return Rejected(transcript.source, location, f"duplicate of {given}: same id and same content", excerpt())
        self._seen.add(both)
        name = given
        while (uses := self._uses.get(_short(name), 0)) > 0:
            self._uses[_short(name)] = uses + 1
            name = f"{name}#{uses + 1}" if name == given else f"{given}#{int(name.rpartition('#')[2]) + 1}"
        self._uses[_short(name)] = 1
        return transcript if name == given else replace(transcript, transcript_id=name)


def _short(text: str) -> bytes:
    return blake2b(text.encode("utf-8"), digest_size=16).digest()
