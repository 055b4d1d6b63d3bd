"""Tables of transcripts. `sql/fill/pieces.sql` makes pieces of them."""

import hashlib
from collections.abc import Iterable, Sequence

import pyarrow as pa

from featdisc_assets.formats.adapters.given import GivenFeatures
from featdisc_assets.formats.parsing.identity import content_hash, metadata_json
from featdisc_assets.transcript import Transcript

# Texts have 64-bit offsets: a hundred thousand long chats exceed the 2 GB of 32-bit ones.
TRANSCRIPTS = pa.schema(
    [
        ("transcript_id", pa.string()),
        ("source", pa.string()),
        ("model", pa.string()),
        ("group_key", pa.string()),
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("metadata", pa.large_string()),
        ("content_hash", pa.string()),
        ("n_turns", pa.int32()),
        ("chars_in", pa.int64()),
        ("chars_added", pa.int64()),
    ]
)
DROPPED = pa.schema(
    [
        ("transcript_id", pa.string()),
        ("kind", pa.string()),
        ("reason", pa.string()),
        ("n", pa.int64()),
        ("n_chars", pa.int64()),
    ]
)
GIVEN = pa.schema(
    [
        ("transcript_id", pa.string()),
        ("kind", pa.string()),
        ("text", pa.large_string()),
        ("text_hash", pa.string()),
        ("source", pa.string()),
        ("model", pa.string()),
        ("group_key", pa.string()),
        ("created_at", pa.timestamp("us")),
        ("rater", pa.string()),
        ("features", pa.list_(pa.string())),
    ]
)
TURNS = pa.schema(
    [
        ("transcript_id", pa.string()),
        ("turn_index", pa.int32()),
        ("user_text", pa.large_string()),
        ("thought_text", pa.large_string()),
        ("response_text", pa.large_string()),
        ("thought_form", pa.string()),
        ("is_truncated", pa.bool_()),
        ("tool_text", pa.large_string()),
    ]
)


def transcripts_table(transcripts: Iterable[Transcript]) -> pa.Table:
    """One row per transcript, in order.

    Args:
        transcripts: transcripts with distinct ids.

    Returns:
        A table of schema `TRANSCRIPTS`; `metadata` is JSON with sorted keys, `content_hash` covers the turns and the
        model.
    """
    rows = [
        (
            transcript.transcript_id,
            transcript.source,
            transcript.model,
            transcript.group_key,
            transcript.created_at,
            metadata_json(transcript.metadata),
            content_hash(transcript.turns, transcript.model),
            len(transcript.turns),
            transcript.chars_in,
            transcript.chars_added,
        )
        for transcript in transcripts
    ]
    return _table(rows, TRANSCRIPTS)


def turns_table(transcripts: Iterable[Transcript]) -> pa.Table:
    """One row per turn, in order.

    Args:
        transcripts: transcripts with distinct ids.

    Returns:
        A table of schema `TURNS`. A hidden or redacted thought has a form and an empty text.
    """
    rows = [
        (
            transcript.transcript_id,
            index,
            turn.user,
            turn.thought,
            turn.response,
            turn.thought_form,
            turn.is_truncated,
            turn.tool,
        )
        for transcript in transcripts
        for index, turn in enumerate(transcript.turns)
    ]
    return _table(rows, TURNS)


def dropped_table(transcripts: Iterable[Transcript]) -> pa.Table:
    """One row per transcript, kind and reason: the text that is in no turn, counted.

    Args:
        transcripts: transcripts with distinct ids.

    Returns:
        A table of schema `DROPPED`. With `chars_in` and `chars_added` it accounts for every character.
    """
    rows = [
        (transcript.transcript_id, entry.kind, entry.reason, entry.n, entry.n_chars)
        for transcript in transcripts
        for entry in transcript.dropped
    ]
    return _table(rows, DROPPED)


def given_table(given: Iterable[GivenFeatures]) -> pa.Table:
    """One row per transcript and kind of features made elsewhere.

    Args:
        given: features as read.

    Returns:
        A table of schema `GIVEN`. `text_hash` hashes transcript and kind, not the text, which may be missing or equal
        for several pieces.
    """
    rows = [
        (
            row.transcript_id,
            row.kind,
            row.text,
            hashlib.md5(f"{row.transcript_id}\x1f{row.kind}".encode(), usedforsecurity=False).hexdigest(),
            row.source,
            row.model,
            row.group_key,
            row.created_at and row.created_at.replace(tzinfo=None),
            row.rater,
            list(row.features),
        )
        for row in given
    ]
    return _table(rows, GIVEN)


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
