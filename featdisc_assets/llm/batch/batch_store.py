"""The batch store: batches, their requests and which results were imported, in the answer store's file.

A result and its mark as imported are written in one transaction, so that an import repeated after a kill imports no
result twice.
"""

import sqlite3
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import orjson

from featdisc_assets.llm.answer_store import AnswerStore, Attempt, insert, select_in
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.request import Request

# The states of a batch, in order. `creating`: the creation was requested, and may have succeeded.
PREPARING, UPLOADED, CREATING, UNDER_WAY, DONE = "preparing", "uploaded", "creating", "under_way", "done"

_TABLES = (
    """create table if not exists batches (
        name text primary key,          -- ours; the provider keeps it as metadata
        model text not null, api_base text, state text not null,
        price text,                     -- dollars a token, as JSON; null where unknown
        bound_usd real not null,        -- its highest cost
        n_requests integer not null, file_id text, batch_id text,
        created_at integer not null     -- microseconds since 1970, UTC
    ) without rowid""",
    """create table if not exists batch_requests (
        request_key text primary key, batch text not null, purpose text not null, subject_id text not null,
        prompt_version text not null, is_in integer not null default 0  -- 1 once its result is among the answers
    ) without rowid""",
    "create index if not exists batch_requests_batch on batch_requests (batch)",
)


@dataclass(slots=True)
class Batch:
    """One batch as stored.

    Attributes:
        name: Our name of it.
        state: One of the constants above.
        price: What a token costs in a batch, None if unknown.
        bound_usd: Its highest cost in dollars.
        file_id: The provider's id of its file, after the upload.
        batch_id: The provider's id of it, after the creation.
        created_at: Microseconds since 1970, UTC.
    """

    name: str
    model: str
    api_base: str | None
    state: str
    price: Price | None
    bound_usd: float
    n_requests: int
    file_id: str | None
    batch_id: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Sent:
    """The ledger's fields of a request in a batch."""

    request_key: str
    purpose: str
    subject_id: str
    prompt_version: str


_BATCH = tuple(field.name for field in fields(Batch))
_SENT = tuple(field.name for field in fields(Sent))
_MARK = "update batch_requests set is_in = 1 where request_key = ? and batch = ? and is_in = 0"


class BatchStore:
    """Batches and their requests, in the file of the answers.

    Args:
        store: The answers.
    """

    def __init__(self, store: AnswerStore) -> None:
        self._store = store
        with store.transaction() as connection:
            for table in _TABLES:
                connection.execute(table)

    def begin(self, model: str, api_base: str | None, price: Price | None) -> Batch:
        """A new batch, `preparing`."""
        name = f"featdisc-{uuid.uuid4().hex}"
        batch = Batch(name, model, api_base, PREPARING, price, 0.0, 0, None, None, time.time_ns() // 1000)
        with self._store.transaction() as connection:
            _write(connection, batch)
        return batch

    def save(self, batch: Batch) -> None:
        """Write a batch's state."""
        with self._store.transaction() as connection:
            _write(connection, batch)

    def add(self, batch: Batch, requests: Iterable[Request]) -> None:
        """Store the requests of a batch."""
        rows = [
            (request.key, batch.name, request.purpose, request.subject_id, request.prompt_version)
            for request in requests
        ]
        with self._store.transaction() as connection:
            connection.executemany(
                "insert into batch_requests (request_key, batch, purpose, subject_id, prompt_version) "
                "values (?, ?, ?, ?, ?)",
                rows,
            )

    def unfinished(self) -> list[Batch]:
        """The batches that are not done, oldest first."""
        query = f"select {', '.join(_BATCH)} from batches where state <> '{DONE}' order by created_at"  # noqa: S608
        with self._store.transaction() as connection:
            return [_read(row) for row in connection.execute(query)]

    def batch_of(self, keys: Sequence[str]) -> dict[str, str]:
        """The name of each request's batch, by key; done batches count until they are deleted."""
        query = "select request_key, batch from batch_requests where request_key in ({marks})"
        with self._store.transaction() as connection:
            return dict(select_in(connection, query, keys))

    def count_awaited(self, keys: Sequence[str]) -> int:
        """The number of these requests that wait for a batch under way."""
        query = (
            "select 1 from batch_requests where is_in = 0 and request_key in ({marks}) "  # noqa: S608
            f"and batch in (select name from batches where state <> '{DONE}')"
        )
        with self._store.transaction() as connection:
            return sum(1 for _ in select_in(connection, query, keys))

    def awaited(self, batch: Batch, keys: Sequence[str]) -> Mapping[str, Sent]:
        """Those of these requests whose result this batch has not given yet, by key."""
        query = (
            f"select {', '.join(_SENT)} from batch_requests "  # noqa: S608
            "where batch = ? and is_in = 0 and request_key in ({marks})"
        )
        with self._store.transaction() as connection:
            return {row[0]: Sent(*row) for row in select_in(connection, query, keys, batch.name)}

    def import_results(self, batch: Batch, attempts: Iterable[Attempt]) -> list[Attempt]:
        """Store results in one transaction; returns those that were not imported before."""
        imported = []
        with self._store.transaction() as connection:
            for attempt in attempts:
                if connection.execute(_MARK, (attempt.request_key, batch.name)).rowcount:
                    imported.append(insert(connection, attempt))
        return imported

    def count_imported(self, batch: Batch) -> int:
        """The number of a batch's results that are imported."""
        query = "select count(*) from batch_requests where batch = ? and is_in = 1"
        with self._store.transaction() as connection:
            return int(connection.execute(query, (batch.name,)).fetchone()[0])

    def forget(self, batch: Batch) -> None:
        """Delete a batch, so that its requests may be sent again."""
        with self._store.transaction() as connection:
            connection.execute("delete from batch_requests where batch = ?", (batch.name,))
            connection.execute("delete from batches where name = ?", (batch.name,))

    def forget_done(self) -> None:
        """Delete all batches that are done."""
        done = f"select name from batches where state = '{DONE}'"  # noqa: S608
        with self._store.transaction() as connection:
            connection.execute(f"delete from batch_requests where batch in ({done})")  # noqa: S608
            connection.execute(f"delete from batches where state = '{DONE}'")  # noqa: S608


def _write(connection: sqlite3.Connection, batch: Batch) -> None:
    price = None if batch.price is None else orjson.dumps(batch.price).decode()
    values = [price if name == "price" else getattr(batch, name) for name in _BATCH]
    marks = ", ".join("?" * len(values))
    connection.execute(f"insert or replace into batches ({', '.join(_BATCH)}) values ({marks})", values)  # noqa: S608


def _read(row: Sequence[Any]) -> Batch:
    given = dict(zip(_BATCH, row, strict=True))
    return Batch(**given | {"price": _price(orjson.loads(given["price"])) if given["price"] else None})


def _price(given: dict[str, Any]) -> Price:
    return Price(**given | {"longer": tuple((start, _price(longer)) for start, longer in given["longer"])})
