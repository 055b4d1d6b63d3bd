"""The answer store: every attempt that reached a provider, on disk before anything is made of it.

It is a file of its own (SQLite in WAL mode), so that a paid answer never waits for the warehouse's lock. A row is one
HTTP attempt. Each `put` is a transaction of its own: what it acknowledged survives a killed process. Several processes
may share the file.
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
    seq integer primary key autoincrement,  -- grows with every write, so that an export can go on where it stopped
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

    `status` is `answered` until the answer has been judged. `raw` is the message's text as received. Tokens and cost
    are None where unknown (a provider that reports no usage, a model without a price); `latency_ms` counts from sending
    to the full answer. `attempt` counts from 0 within the request key and is given by the store, as is `seq`.
    `created_at` is in microseconds since 1970, UTC.
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
# Written anew rather than updated, so that `seq` grows and the export sees the change.
_SET_STATUS = (
    f"insert or replace into answers (attempt, {', '.join(_GIVEN)}) "  # noqa: S608
    f"select attempt, {', '.join({'status': ':status', 'error': ':error'}.get(name, name) for name in _GIVEN)} "
    "from answers where request_key = :request_key and attempt = :attempt"
)


class AnswerStore:
    """Attempts by request key.

    Args:
        path: The SQLite file; it and its folder are created.
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
        """Write what is still to be settled and close the file."""
        with self._lock:
            self.flush()
            self._connection.close()

    def put(self, attempt: Attempt) -> Attempt:
        """Store one attempt for good, number it, and return it."""
        with self.transaction() as connection:
            return insert(connection, attempt)

    def set_status(self, attempt: Attempt, status: str, error: str | None = None) -> None:
        """Give a stored attempt its result.

        Written with the next `put`, `flush` or `close`: a result lost to a kill is found again from the answer itself.
        """
        attempt.status, attempt.error = status, error
        change = {"request_key": attempt.request_key, "attempt": attempt.attempt, "status": status, "error": error}
        with self._lock:
            self._pending.append(change)

    def flush(self) -> None:
        """Write all verdicts."""
        with self._lock:
            if self._pending:
                with self.transaction():
                    pass

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """An immediate transaction that first writes the waiting verdicts; rolled back on an exception."""
        with self._lock:
            connection, waiting = self._connection, len(self._pending)
            # Immediate: a read that turns into a write cannot wait for another writer, it fails at once.
            connection.execute("begin immediate")
            try:
                connection.executemany(_SET_STATUS, self._pending[:waiting])
                yield connection
                connection.execute("commit")
            except BaseException:
                connection.execute("rollback")
                raise
            del self._pending[:waiting]

    def lookup(self, keys: Sequence[str]) -> dict[str, list[Attempt]]:
        """All attempts of each key that has any, in order of asking."""
        found: dict[str, list[Attempt]] = {}
        with self._lock:
            self.flush()
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                marks = ", ".join("?" * len(chunk))
                query = f"{_SELECT} where request_key in ({marks}) order by request_key, attempt"
                for row in self._connection.execute(query, list(chunk)):
                    attempt = Attempt(**dict(zip(_COLUMNS, row, strict=True)))
                    found.setdefault(attempt.request_key, []).append(attempt)
        return found

    def attempts(self, since: int = 0) -> Iterator[Attempt]:
        """Attempts written or settled after the write numbered `since`, in that order.

        An attempt comes again, with a larger `seq`, when its result changes: an importer replaces by request key and
        attempt. Reads a snapshot on a connection of its own, so that asking goes on meanwhile.
        """
        self.flush()
        connection = self._connect()
        try:
            for row in connection.execute(f"{_SELECT} where seq > ? order by seq", (since,)):
                yield Attempt(**dict(zip(_COLUMNS, row, strict=True)))
        finally:
            connection.close()

    def spent_usd(self) -> float:
        """Dollars that all attempts cost, as far as their providers and prices told."""
        with self._lock:
            return float(self._connection.execute("select coalesce(sum(cost_usd), 0.0) from answers").fetchone()[0])

    def count_by_status(self) -> Mapping[str, int]:
        """Number of attempts by status."""
        with self._lock:
            self.flush()
            return dict(
                self._connection.execute("select status, count(*) from answers group by status order by status")
            )


def insert(connection: sqlite3.Connection, attempt: Attempt) -> Attempt:
    """Store one attempt within a transaction, number it, and return it."""
    attempt.created_at = attempt.created_at or time.time_ns() // 1000
    row = {name: getattr(attempt, name) for name in _GIVEN}
    attempt.attempt, attempt.seq = connection.execute(_INSERT, row).fetchone()
    return attempt


def _set_wal(connection: sqlite3.Connection) -> None:
    # Two processes that make the file at once: this pragma alone does not wait for a lock.
    until = time.monotonic() + _BUSY_S
    while connection.execute("pragma journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def last(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that decides a request: the newest one that tells something of the answer, else the newest."""
    telling = [attempt for attempt in attempts if attempt.status in (*faults.OK, *faults.FINAL, faults.ANSWERED)]
    return telling[-1] if telling else attempts[-1] if attempts else None
