"""Queries of users: read-only, interrupted by Ctrl-C, with DuckDB's own error messages."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.warehouse.duckdb_file import Warehouse, quoted

Answer = TypeVar("Answer")


class QueryError(FeatdiscError):
    """A user's SQL that DuckDB rejected."""


def ask(db: Warehouse, sql: str) -> pa.Table:
    """The result of a user's SQL, read-only.

    Raises:
        QueryError: DuckDB rejected it; the text is DuckDB's own.
    """
    with db.connect(read_only=True) as connection:
        try:
            return _stoppable(connection, lambda: connection.sql(sql).to_arrow_table())
        except AttributeError:
            raise QueryError("That statement returns no table: `featdisc sql` reads, it does not write.") from None
        except duckdb.Error as error:
            raise QueryError(str(error).strip()) from error


def peek(db: Warehouse, sql: str, most: int) -> pa.Table:
    """The first `most` rows of a user's query, without fetching the rest.

    Raises:
        QueryError: DuckDB rejected it; the text is DuckDB's own.
    """
    with db.connect(read_only=True) as connection:

        def first() -> pa.Table:
            relation: duckdb.DuckDBPyRelation | None = connection.sql(sql)
            # No relation: a `set`, or nothing but a comment.
            return pa.table({}) if relation is None else relation.limit(most).to_arrow_table()

        try:
            return _stoppable(connection, first)
        except duckdb.Error as error:
            raise QueryError(str(error).strip()) from error


def copy_out(db: Warehouse, sql: str, path: Path, format_: str) -> int:
    """Stream a query's rows to a file with DuckDB; return their number.

    The file gets its name only when it is complete.

    Args:
        db: The warehouse.
        sql: One select.
        path: The file; an existing one is replaced.
        format_: `parquet`, `csv` (with a header) or `json` (one object a line).

    Raises:
        QueryError: DuckDB rejected it; the text is DuckDB's own.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    options = {"parquet": "format parquet, compression zstd", "csv": "format csv, header", "json": "format json"}
    try:
        with db.connect(read_only=True) as connection:
            copy = f"copy (\n{sql.strip().rstrip(';')}\n) to '{quoted(part)}' ({options[format_]})"
            copied = _stoppable(connection, lambda: connection.execute(copy).fetchone())
        part.replace(path)
    except duckdb.Error as error:
        raise QueryError(str(error).strip()) from error
    finally:
        part.unlink(missing_ok=True)
    return int(copied[0]) if copied else 0


def _stoppable(connection: duckdb.DuckDBPyConnection, work: Callable[[], Answer]) -> Answer:
    """Run a query in a thread, because DuckDB in the main thread would block Ctrl-C."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(work)
        try:
            return answer.result()
        except KeyboardInterrupt:
            # Repeated, because an interrupt before the query starts has no effect.
            while not answer.done():
                connection.interrupt()
                wait([answer], timeout=0.05)
            raise
