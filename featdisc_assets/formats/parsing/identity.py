"""Ids made from content, and the rule for ids that occur twice."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import orjson

from featdisc_assets.transcript import Rejected, Transcript, Turn


def content_hash(turns: tuple[Turn, ...], model: str | None) -> str:
    """Hash the turns and the model.

    Args:
        turns: the conversation.
        model: the model, if known.

    Returns:
        32 hex digits, equal if and only if the texts, their forms and the model are.
    """
    return _content(turns, model).hexdigest()


def metadata_json(metadata: dict[str, Any]) -> str:
    """Write metadata as JSON with sorted keys: equal metadata give equal bytes."""
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
    """The id of a row without one: a hash of all its fields, so rows that differ anywhere are different transcripts."""
    digest = _content(turns, model)
    digest.update(repr((group_key, created_at and created_at.isoformat(), metadata_json(metadata))).encode())
    return digest.hexdigest()


def _content(turns: tuple[Turn, ...], model: str | None) -> blake2b:
    # The lengths distinguish ("ab", "c") from ("a", "bc").
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
    """Resolves ids that occur more than once.

    A transcript with a known id and the same content (turns and model) is rejected. With other content it gets the
    suffix `#2`, `#3` … in the order of reading. Holds 16 bytes per transcript and 16 per id.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._uses: dict[bytes, int] = {}

    def resolve(self, transcript: Transcript, location: str, excerpt: Callable[[], str]) -> Transcript | Rejected:
        """Accept a transcript, with another id if its own is taken, or reject it as a duplicate.

        Args:
            transcript: the transcript.
            location: its location, for quarantine.
            excerpt: returns its first characters, for quarantine.
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
