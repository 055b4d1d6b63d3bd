"""Leases on requests, so that two runs that share an answer store never ask the same request at once.

A run leases requests before it asks them, in the store's file. Another run that needs one of them waits for the answer
instead. The leases of a killed run expire: at once on the same machine, after a minute on another.
"""

import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Sequence

from featdisc_assets.llm.answer_store import AnswerStore

_TABLES = (
    "create table if not exists leases (request_key text primary key, owner text not null) without rowid",
    """create table if not exists lease_owners (
        owner text primary key, host text not null, pid integer not null,
        heartbeat_at integer not null  -- microseconds since 1970, UTC
    ) without rowid""",
)
# An owner without a heartbeat for this long is gone.
_EXPIRY_US = 60_000_000


class Leases:
    """The leases of one run.

    Args:
        store: The home's answers, whose file also holds the leases of all runs.
    """

    def __init__(self, store: AnswerStore) -> None:
        self._store = store
        self._owner = uuid.uuid4().hex
        self._host = socket.gethostname()
        with store.transaction() as connection:
            for table in _TABLES:
                connection.execute(table)

    def acquire(self, keys: Sequence[str]) -> set[str]:
        """Lease requests; returns the keys that no other running run holds."""
        with self._store.transaction() as connection:
            self._record_heartbeat(connection)
            self._expire(connection)
            rows = [(key, self._owner) for key in keys]
            connection.executemany("insert into leases values (?, ?) on conflict do nothing", rows)
            theirs = connection.execute("select request_key from leases where owner <> ?", (self._owner,))
            return set(keys) - {key for (key,) in theirs}

    def release(self, keys: Sequence[str]) -> None:
        """Release requests, answered or not."""
        with self._store.transaction() as connection:
            rows = [(key, self._owner) for key in keys]
            connection.executemany("delete from leases where request_key = ? and owner = ?", rows)

    def heartbeat(self) -> int:
        """Renew the leases, several times a minute; returns the number of other runs."""
        with self._store.transaction() as connection:
            self._record_heartbeat(connection)
            self._expire(connection)
            others = connection.execute("select count(*) from lease_owners where owner <> ?", (self._owner,))
            return int(others.fetchone()[0])

    def release_all(self) -> None:
        """Release all requests at the end of the run."""
        with self._store.transaction() as connection:
            _delete(connection, self._owner)

    def _record_heartbeat(self, connection: sqlite3.Connection) -> None:
        row = (self._owner, self._host, os.getpid(), time.time_ns() // 1000)
        connection.execute("insert or replace into lease_owners values (?, ?, ?, ?)", row)

    def _expire(self, connection: sqlite3.Connection) -> None:
        now = time.time_ns() // 1000
        others = connection.execute(
            "select owner, host, pid, heartbeat_at from lease_owners where owner <> ?", (self._owner,)
        )
        for owner, host, pid, heartbeat_at in others.fetchall():
            if now - heartbeat_at > _EXPIRY_US or (host == self._host and not _is_running(pid)):
                _delete(connection, owner)


def _delete(connection: sqlite3.Connection, owner: str) -> None:
    connection.execute("delete from leases where owner = ?", (owner,))
    connection.execute("delete from lease_owners where owner = ?", (owner,))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True
