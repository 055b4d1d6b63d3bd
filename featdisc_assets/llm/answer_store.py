"""The answer store: every attempt that reached a provider, on disk before its answer is used.

It is a separate file (SQLite in WAL mode), so that a paid answer never waits for the warehouse's lock. A row is one
HTTP attempt. Each `put` is one transaction, which survives a killed process. Several processes may share the file.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from featdisc_assets.llm import faults

_TABLE = """
create table if not exists answers (
    seq integer primary key autoincrement,  -- grows with every write, so that an export can resume
    request_key text not null, attempt integer not null, purpose text not null, subject_id text not null,
    model text not null, served_model text, provider text, prompt_version text not null,
    status text not null, error text, raw text, finish_reason text,
    tokens_in integer, tokens_out integer, tokens_cached integer, cost_usd real, latency_ms real,
    created_at integer not null,            -- microseconds since 1970, UTC
    unique (request_key, attempt)
)
"""
_BUSY_S = 60.0
_CHUNK = 500


@dataclass(slots=True)
class Attempt:
    """One attempt as stored.

    `status` is `answered` until the answer has been validated. `raw` is the message's text as received. Tokens and cost
    are None if unknown (a provider that reports no usage, a model without a price); `latency_ms` is from sending to the
    full answer. `attempt` counts from 0 within the request key and is set by the store, as is `seq`. `created_at` is in
    microseconds since 1970, UTC.
    """

    request_key: str
    purpose: str
    subject_id: str
    model: str
    prompt_version: str
    status: str
    served_model: str | None = None
    provider: str | None = None
    error: str | None = None
    raw: str | None = None
    finish_reason: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    cost_usd: float | None = None
    latency_ms: float | None = None
    created_at: int = 0
    attempt: int = -1
    seq: int = -1


_COLUMNS = tuple(field.name for field in fields(Attempt))
_SELECT = f"select {', '.join(_COLUMNS)} from answers"  # noqa: S608  (our own column names)
_GIVEN = tuple(name for name in _COLUMNS if name not in ("attempt", "seq"))
_INSERT = (
    f"insert into answers (attempt, {', '.join(_GIVEN)}) "  # noqa: S608
    "values ((select coalesce(max(attempt), -1) + 1 from answers where request_key = :request_key), "
    f"{', '.join(':' + name for name in _GIVEN)}) returning attempt, seq"
)
# Replaced rather than updated, so that `seq` grows and the export sees the change.
_SET_STATUS = (
    f"insert or replace into answers (attempt, {', '.join(_GIVEN)}) "  # noqa: S608
    f"select attempt, {', '.join({'status': ':status', 'error': ':error'}.get(name, name) for name in _GIVEN)} "
    "from answers where request_key = :request_key and attempt = :attempt"
)


class AnswerStore:
    """Attempts by request key.

    Args:
        path: The SQLite file; it and its folder are created if missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._pending: list[dict[str, Any]] = []
        self._connection = self._connect()
        self._connection.execute(_TABLE)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        _set_wal(connection)
        connection.execute("pragma synchronous = normal")
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write the pending statuses and close the file."""
        with self._lock:
            self.flush()
            self._connection.close()

    def put(self, attempt: Attempt) -> Attempt:
        """Store one attempt durably; returns it with its numbers."""
        with self.transaction() as connection:
            return insert(connection, attempt)

    def set_status(self, attempt: Attempt, status: str, error: str | None = None) -> None:
        """Set the final status of a stored attempt.

        Written with the next `put`, `flush` or `close`: a status lost to a kill is derived again from the answer.
        """
        attempt.status, attempt.error = status, error
        change = {"request_key": attempt.request_key, "attempt": attempt.attempt, "status": status, "error": error}
        with self._lock:
            self._pending.append(change)

    def flush(self) -> None:
        """Write all pending statuses."""
        with self._lock:
            if self._pending:
                with self.transaction():
                    pass

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """An immediate transaction that first writes the pending statuses; rolled back on an exception."""
        with self._lock:
            connection, n = self._connection, len(self._pending)
            # Immediate, because a read transaction that starts to write fails at once if there is another writer.
            connection.execute("begin immediate")
            try:
                connection.executemany(_SET_STATUS, self._pending[:n])
                yield connection
                connection.execute("commit")
            except BaseException:
                connection.execute("rollback")
                raise
            del self._pending[:n]

    def lookup(self, keys: Sequence[str]) -> dict[str, list[Attempt]]:
        """All attempts of each key that has any, oldest first."""
        found: dict[str, list[Attempt]] = {}
        with self._lock:
            self.flush()
            query = f"{_SELECT} where request_key in ({{marks}}) order by request_key, attempt"
            for row in select_in(self._connection, query, keys):
                attempt = Attempt(*row)
                found.setdefault(attempt.request_key, []).append(attempt)
        return found

    def attempts(self, since: int = 0) -> Iterator[Attempt]:
        """Attempts written or changed after the write numbered `since`, in that order.

        An attempt comes again with a larger `seq` when its status changes: an importer replaces by request key and
        attempt. Reads a snapshot on a separate connection, so that asking goes on meanwhile.
        """
        self.flush()
        connection = self._connect()
        try:
            for row in connection.execute(f"{_SELECT} where seq > ? order by seq", (since,)):
                yield Attempt(*row)
        finally:
            connection.close()

    def spent_usd(self) -> float:
        """The known cost of all attempts in dollars."""
        with self._lock:
            return float(self._connection.execute("select coalesce(sum(cost_usd), 0.0) from answers").fetchone()[0])

    def count_by_status(self) -> Mapping[str, int]:
        """The number of attempts by status."""
        with self._lock:
            self.flush()
            return dict(
                self._connection.execute("select status, count(*) from answers group by status order by status")
            )


def select_in(
    connection: sqlite3.Connection, query: str, keys: Sequence[str] | Sequence[bytes], *before: str
) -> Iterator[tuple[Any, ...]]:
    """Rows of a query with `in ({marks})` for any number of keys; `before` are the parameters before them."""
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        yield from connection.execute(query.format(marks=", ".join("?" * len(chunk))), [*before, *chunk])


def insert(connection: sqlite3.Connection, attempt: Attempt) -> Attempt:
    """Store one attempt within a transaction; returns it with its numbers."""
    attempt.created_at = attempt.created_at or time.time_ns() // 1000
    row = {name: getattr(attempt, name) for name in _GIVEN}
    attempt.attempt, attempt.seq = connection.execute(_INSERT, row).fetchone()
    return attempt


def _set_wal(connection: sqlite3.Connection) -> None:
    # If two processes create the file at once: this pragma does not wait for a lock.
    until = time.monotonic() + _BUSY_S
    while connection.execute("pragma journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def last(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that decides a request: the newest with an answer or a final failure, else the newest."""
    decisive = [attempt for attempt in attempts if attempt.status in (*faults.OK, *faults.FINAL, faults.ANSWERED)]
    return decisive[-1] if decisive else attempts[-1] if attempts else None
