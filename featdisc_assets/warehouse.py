"""The DuckDB file that holds every table, and the only module that talks to DuckDB.

One process may write a DuckDB file at a time, and a writer locks out every reader. So nobody here holds a
connection for longer than one statement or one transaction, and whoever finds the file taken waits and says so.
"""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from featdisc_assets.comments import comment
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.marts import Mart, marts
from featdisc_assets.places import read_sql

Matrix = npt.NDArray[np.float32]
Answer = TypeVar("Answer")

log = logging.getLogger("featdisc.warehouse")


class WarehouseBusyError(FeatdiscError):
    """Another process kept the file for longer than we were told to wait."""


class QueryError(FeatdiscError):
    """A person's SQL that DuckDB would not run."""


class Warehouse:
    """Short-lived connections to one DuckDB file.

    Args:
        path: The file; it and its folder are made when first written.
        memory_limit: DuckDB's own ceiling, for example `6GB`; what does not fit is spilled beside the file.
        patience_s: How long to wait for another process to let go of the file, in seconds.
    """

    def __init__(self, path: Path, *, memory_limit: str = "6GB", patience_s: float = 600.0) -> None:
        self.path = Path(path)
        self.memory_limit = memory_limit
        self.patience_s = patience_s
        self._held: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let the queries of this block share one opening of the file, for reading, in this thread.

        Opening reads the whole catalogue, some 20 ms, and several queries in a row need not each pay that. Others can
        read meanwhile, and nobody can write, this block neither.

        Raises:
            WarehouseBusyError: Another process held the file for `patience_s`.
        """
        if self._held is not None:
            yield
            return
        self._held = self._open(read_only=True)
        try:
            yield
        finally:
            self._held.close()
            self._held = None

    @contextmanager
    def connect(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one short piece of work, closed whatever happens.

        Raises:
            WarehouseBusyError: Another process held the file for `patience_s`.
        """
        connection = self._open(read_only=read_only) if self._held is None else self._held.cursor()
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A writing connection whose statements all count, or none of them."""
        with self.connect() as connection:
            connection.begin()
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def read(
        self, sql: str, parameters: Sequence[Any] | None = None, variables: dict[str, Any] | None = None
    ) -> pa.Table:
        """The answer to one query as an Arrow table; `variables` are what it reads by `getvariable`."""
        with self.connect(read_only=True) as connection:
            _set(connection, variables)
            return connection.execute(sql, parameters).to_arrow_table()

    def join(self, sql: str, incoming: dict[str, pa.Table], variables: dict[str, Any] | None = None) -> pa.Table:
        """The answer to a query that also reads Arrow tables by the names they are given."""
        with self.connect(read_only=True) as connection:
            _set(connection, variables)
            for name, data in incoming.items():
                connection.register(name, data)
            return connection.execute(sql).to_arrow_table()

    def matrix(self, sql: str, parameters: Sequence[Any] | None = None) -> tuple[pa.Array, Matrix]:
        """Ids and vectors of a query that selects an id and a vector, row by row the same.

        The vectors stream into one float32 matrix: at a million rows, lists of Python numbers would take a minute
        and several times the memory.
        """
        with self.connect(read_only=True) as connection:
            counted = connection.execute(f"select count(*), any_value(len(vector)) from ({sql})", parameters).fetchone()
            rows, width = (counted[0], counted[1] or 0) if counted else (0, 0)
            matrix = np.empty((rows, width), np.float32)
            ids, filled = [], 0
            reader = connection.execute(sql, parameters).to_arrow_reader(16_384) if rows else ()
            for batch in reader:
                ids.append(batch.column(0))
                flat = batch.column(1).flatten().to_numpy()
                matrix[filled : filled + batch.num_rows] = flat.reshape(batch.num_rows, width)
                filled += batch.num_rows
        return (pa.chunked_array(ids).combine_chunks() if ids else pa.array([], pa.string())), matrix

    def ask(self, sql: str) -> pa.Table:
        """The answer to a person's own SQL, read-only.

        Raises:
            QueryError: DuckDB would not run it; the text is DuckDB's own first line.
        """
        with self.connect(read_only=True) as connection:
            try:
                return _stoppable(connection, lambda: connection.sql(sql).to_arrow_table())
            except AttributeError:
                raise QueryError("That statement returns no table: `featdisc sql` reads, it does not write.") from None
            except duckdb.Error as error:
                raise QueryError(str(error).strip()) from error

    def rows(
        self, sql: str, parameters: Sequence[Any] | None = None, variables: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The answer to a small query as one dict a row."""
        rows: list[dict[str, Any]] = self.read(sql, parameters, variables).to_pylist()
        return rows

    def schema(self, table: str) -> pa.Schema:
        """The Arrow types of a table's columns."""
        return self.read(f"from {table} limit 0").schema

    def scalar(self, sql: str, parameters: Sequence[Any] | None = None) -> Any:  # noqa: ANN401 - as SQL has it
        """The single value a query answers with, or None for no row."""
        with self.connect(read_only=True) as connection:
            row = connection.execute(sql, parameters).fetchone()
        return row[0] if row else None

    def replace(self, tables: dict[str, pa.Table]) -> None:
        """Put new rows in place of all rows of each table, together, matching columns by name."""
        with self.transaction() as connection:
            for table, data in tables.items():
                connection.execute(f"delete from {table}")
                insert(connection, table, data)

    def refill(
        self,
        tables: dict[str, str],
        variables: dict[str, Any] | None = None,
        incoming: dict[str, pa.Table] | None = None,
    ) -> None:
        """Put the rows of one select in place of all rows of each table, together; DuckDB alone handles them.

        Args:
            tables: The select that fills each table, in the order they are filled.
            variables: What the selects read by `getvariable`.
            incoming: Arrow tables that the selects read by name.
        """
        with self.transaction() as connection:
            _set(connection, variables)
            for name, data in (incoming or {}).items():
                connection.register(name, data)
            for table, select in tables.items():
                connection.execute(f"truncate {table}")
                connection.execute(f"insert into {table} by name {select}")

    def run(self, sql: str) -> None:
        """Run one statement that writes."""
        with self.transaction() as connection:
            connection.execute(sql)

    def append(self, table: str, data: pa.Table | pa.RecordBatch) -> None:
        """Add rows to one table, matching columns by name."""
        with self.transaction() as connection:
            insert(connection, table, data)

    def prepare(self) -> None:
        """Make the file with every table, macro and view of `sql/`, as far as they are not there yet.

        Tables that an earlier version made get the columns they lack, null in their rows, and let null stand where
        the schema now does. Views are made anew each time: they hold no rows, and an edited file then counts at once.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.transaction() as connection:
            connection.execute(read_sql("schema"))
            for table, column, type_ in _missing_columns(connection):
                connection.execute(f'alter table {table} add column "{column}" {type_}')
            for table, column in _loosened_columns(connection):
                connection.execute(f'alter table {table} alter column "{column}" drop not null')
            connection.execute(read_sql("macros"))
            for mart in marts():
                connection.execute(f"create or replace view {mart.name} as {mart.sql}")
            connection.execute(read_sql("table_macros"))
            comment(connection)

    def make_view(self, mart: Mart) -> None:
        """Make a view anew, with its comments."""
        with self.transaction() as connection:
            connection.execute(f"create or replace view {mart.name} as {mart.sql}")
            comment(connection, mart.name)

    def peek(self, sql: str, most: int) -> pa.Table:
        """The first rows of a person's own query, without holding or carrying the rest.

        Raises:
            QueryError: DuckDB would not run it; the text is DuckDB's own.
        """
        with self.connect(read_only=True) as connection:

            def first() -> pa.Table:
                relation: duckdb.DuckDBPyRelation | None = connection.sql(sql)
                # No relation: a `set`, or nothing but a comment.
                return pa.table({}) if relation is None else relation.limit(most).to_arrow_table()

            try:
                return _stoppable(connection, first)
            except duckdb.Error as error:
                raise QueryError(str(error).strip()) from error

    def copy_out(self, sql: str, path: Path, format_: str) -> int:
        """Write a query's rows to a file, streamed by DuckDB alone, and say how many they were.

        The file stands under its name only when it is whole. The warehouse is held while DuckDB writes, no longer.

        Args:
            sql: One select.
            path: The file; one that is there is replaced.
            format_: `parquet`, `csv` (with a header) or `json` (one object a line).

        Raises:
            QueryError: DuckDB would not run it; the text is DuckDB's own.
        """
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        options = {"parquet": "format parquet, compression zstd", "csv": "format csv, header", "json": "format json"}
        target = str(part).replace("'", "''")
        try:
            with self.connect(read_only=True) as connection:
                copy = f"copy (\n{sql.strip().rstrip(';')}\n) to '{target}' ({options[format_]})"
                copied = _stoppable(connection, lambda: connection.execute(copy).fetchone())
            part.replace(path)
        except duckdb.Error as error:
            raise QueryError(str(error).strip()) from error
        finally:
            part.unlink(missing_ok=True)
        return int(copied[0]) if copied else 0

    def publish(self, target: Path, *, without: frozenset[str] = frozenset({"embeddings"})) -> None:
        """Put a copy of this warehouse in place of a file, in one step: who has the old one open keeps it.

        Args:
            target: The copy.
            without: Tables whose rows stay here; they are empty there, so that every view works.
        """
        beside = target.with_suffix(".new")
        for left_over in (beside, beside.with_suffix(".new.wal")):
            left_over.unlink(missing_ok=True)
        Warehouse(beside, memory_limit=self.memory_limit).prepare()
        with self.connect(read_only=True) as connection:
            connection.execute(f"attach '{_quoted(beside)}' as copy (read_write)")
            there = {row[0] for row in connection.execute(_TABLES, ["copy"]).fetchall()}
            connection.execute("begin")
            for (table,) in connection.execute(_TABLES, [self.path.stem]).fetchall():
                if table in without:
                    continue
                make = f'insert into copy."{table}" by name' if table in there else f'create table copy."{table}" as'
                connection.execute(f'{make} from main."{table}"')
            connection.execute("commit")
            connection.execute("detach copy")
        beside.replace(target)

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": self.memory_limit}
        started = time.monotonic()
        pause, told = 0.005, started
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=read_only, config=config)
            except duckdb.IOException as error:
                if "lock" not in str(error).lower():
                    raise
                waited = time.monotonic() - started
                if waited > self.patience_s:
                    raise WarehouseBusyError(
                        f"{self.path} has been held by {_holder(str(error))} for {waited:.0f} s, longer than the"
                        f" {self.patience_s:.0f} s we wait; close it there and run again."
                    ) from error
                if time.monotonic() - told > 5:
                    told = time.monotonic()
                    log.warning("waiting for %s: held by %s", self.path, _holder(str(error)))
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)  # a longer one, and readers starve beside a busy writer


def insert(connection: duckdb.DuckDBPyConnection, table: str, data: pa.Table | pa.RecordBatch) -> None:
    """Insert Arrow rows by column name; columns the data lacks become null."""
    if data.num_rows == 0:
        return
    connection.register("incoming", data)
    columns = ", ".join(f'"{name}"' for name in data.schema.names)
    connection.execute(f"insert into {table} ({columns}) select {columns} from incoming")
    connection.unregister("incoming")


def vector_array(matrix: Matrix) -> pa.Array:
    """A matrix as an Arrow column of fixed-size lists, without a copy."""
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(matrix).reshape(-1)), matrix.shape[1])


def _stoppable(connection: duckdb.DuckDBPyConnection, work: Callable[[], Answer]) -> Answer:
    """What a query answers, with Ctrl-C heard: DuckDB in the main thread would not hear it until it is done."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(work)
        try:
            return answer.result()
        except KeyboardInterrupt:
            # Again until it is over: an interrupt that comes before the query has begun is forgotten.
            while not answer.done():
                connection.interrupt()
                wait([answer], timeout=0.05)
            raise


def _missing_columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Table, name and type of the columns that the schema has and this file has not, in the schema's order."""
    with duckdb.connect() as scratch:
        scratch.execute(read_sql("schema"))
        wanted = scratch.execute(_COLUMNS).fetchall()
    there = {(table, column) for table, column, _ in connection.execute(_COLUMNS).fetchall()}
    return [(table, column, type_) for table, column, type_ in wanted if (table, column) not in there]


_TABLES = (
    "select table_name from duckdb_tables() where database_name = $1 and not internal and not temporary order by 1"
)


def _loosened_columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Table and name of the columns that may be null in the schema and may not in this file."""
    with duckdb.connect() as scratch:
        scratch.execute(read_sql("schema"))
        free = {(table, column) for table, column in scratch.execute(_NULLABLE.format("")).fetchall()}
    bound = connection.execute(_NULLABLE.format("not ")).fetchall()
    return [(table, column) for table, column in bound if (table, column) in free]


_NULLABLE = """
select table_name, column_name from duckdb_columns()
where database_name = current_database() and schema_name = 'main' and not internal and {}is_nullable
order by table_name, column_index
"""

_COLUMNS = """
select table_name, column_name, data_type from duckdb_columns()
where database_name = current_database() and schema_name = 'main' and not internal
order by table_name, column_index
"""


def _set(connection: duckdb.DuckDBPyConnection, variables: dict[str, Any] | None) -> None:
    for name, value in (variables or {}).items():
        connection.execute(f"set variable {name} = $1", [value])


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _holder(message: str) -> str:
    found = re.search(r"held in (.+?)(?: by user .*?)?\. See", message)
    return found[1] if found else "another process"
