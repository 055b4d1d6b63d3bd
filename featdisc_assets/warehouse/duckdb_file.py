"""The DuckDB file that holds every table.

DuckDB allows either one writing process or several readers. Connections therefore last for one statement or one
transaction, and opening waits while another process holds the file.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from featdisc_assets.home.places import read_sql
from featdisc_assets.warehouse import columns
from featdisc_assets.warehouse.comments import comment
from featdisc_assets.warehouse.marts import Mart, marts
from featdisc_assets.warehouse.opening import open_file

Matrix = npt.NDArray[np.float32]


class Warehouse:
    """Short-lived connections to one DuckDB file.

    Args:
        path: The file; it and its folder are created on the first write.
        memory_limit: DuckDB's memory limit, for example `6GB`; larger data spills to disk beside the file.
        lock_timeout_s: How long to wait for another process to release the file, in seconds.
    """

    def __init__(self, path: Path, *, memory_limit: str = "6GB", lock_timeout_s: float = 600.0) -> None:
        self.path = Path(path)
        self.memory_limit = memory_limit
        self.lock_timeout_s = lock_timeout_s
        self._held: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Share one read-only connection between the queries of this block, in this thread.

        Opening the file reads the catalogue, which takes some 20 ms. Nobody can write during the block.

        Raises:
            WarehouseBusyError: Another process held the file for `lock_timeout_s`.
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
        """A connection for a short operation, always closed at the end.

        Raises:
            WarehouseBusyError: Another process held the file for `lock_timeout_s`.
        """
        connection = self._open(read_only=read_only) if self._held is None else self._held.cursor()
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A writing connection whose statements are committed together, or rolled back."""
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
        """The result of a query as an Arrow table; `variables` are set for `getvariable`."""
        with self.connect(read_only=True) as connection:
            _set(connection, variables)
            return connection.execute(sql, parameters).to_arrow_table()

    def join(self, sql: str, incoming: dict[str, pa.Table], variables: dict[str, Any] | None = None) -> pa.Table:
        """The result of a query that also reads the Arrow tables of `incoming` by name."""
        with self.connect(read_only=True) as connection:
            _set(connection, variables)
            for name, data in incoming.items():
                connection.register(name, data)
            return connection.execute(sql).to_arrow_table()

    def matrix(self, sql: str, parameters: Sequence[Any] | None = None) -> tuple[pa.Array, Matrix]:
        """Ids and vectors of a query that selects an id and a vector, in the same order.

        The vectors are streamed into one float32 matrix: for a million rows, Python lists would take a minute and
        several times the memory.
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

    def rows(
        self, sql: str, parameters: Sequence[Any] | None = None, variables: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The result of a small query as one dict per row."""
        rows: list[dict[str, Any]] = self.read(sql, parameters, variables).to_pylist()
        return rows

    def schema(self, table: str) -> pa.Schema:
        """The Arrow types of a table's columns."""
        return self.read(f"from {table} limit 0").schema

    def scalar(self, sql: str, parameters: Sequence[Any] | None = None) -> Any:  # noqa: ANN401 - as SQL has it
        """The first value of a query's first row, or None without rows."""
        with self.connect(read_only=True) as connection:
            row = connection.execute(sql, parameters).fetchone()
        return row[0] if row else None

    def replace(self, tables: dict[str, pa.Table]) -> None:
        """Replace all rows of each table in one transaction, matching columns by name."""
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
        """Replace all rows of each table by those of a select in one transaction, without leaving DuckDB.

        Args:
            tables: The select that fills each table, in the order of filling.
            variables: Set for `getvariable`.
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
        """Create the missing tables of `sql/`, and recreate all macros and views.

        Tables of an earlier version get their missing columns, with null in existing rows, and allow null where the
        schema does.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.transaction() as connection:
            connection.execute(read_sql("schema"))
            missing, loosened = columns.missing_columns(connection)
            for table, column, type_ in missing:
                connection.execute(f'alter table {table} add column "{column}" {type_}')
            for table, column in loosened:
                connection.execute(f'alter table {table} alter column "{column}" drop not null')
            connection.execute(read_sql("macros"))
            for mart in marts():
                connection.execute(f"create or replace view {mart.name} as {mart.sql}")
            connection.execute(read_sql("table_macros"))
            comment(connection)

    def make_views(self, *views: Mart) -> None:
        """Recreate at least one view and their comments, in one transaction and in this order."""
        with self.transaction() as connection:
            for mart in views:
                connection.execute(f"create or replace view {mart.name} as {mart.sql}")
            comment(connection, *(mart.name for mart in views))

    def publish(self, target: Path, *, without: frozenset[str] = frozenset({"embeddings"})) -> None:
        """Replace a file atomically by a copy of this warehouse; readers of the old copy keep it.

        Args:
            target: The copy.
            without: Tables that are empty in the copy, so that every view works.
        """
        beside = target.with_suffix(".new")
        for left_over in (beside, beside.with_suffix(".new.wal")):
            left_over.unlink(missing_ok=True)
        Warehouse(beside, memory_limit=self.memory_limit).prepare()
        with self.connect(read_only=True) as connection:
            connection.execute(f"attach '{quoted(beside)}' as copy (read_write)")
            existing = {row[0] for row in connection.execute(_TABLES, ["copy"]).fetchall()}
            connection.execute("begin")
            for (table,) in connection.execute(_TABLES, [self.path.stem]).fetchall():
                if table in without:
                    continue
                make = f'insert into copy."{table}" by name' if table in existing else f'create table copy."{table}" as'
                connection.execute(f'{make} from main."{table}"')
            connection.execute("commit")
            connection.execute("detach copy")
        beside.replace(target)

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        return open_file(
            self.path, memory_limit=self.memory_limit, lock_timeout_s=self.lock_timeout_s, read_only=read_only
        )


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


_TABLES = (
    "select table_name from duckdb_tables() where database_name = $1 and not internal and not temporary order by 1"
)


def _set(connection: duckdb.DuckDBPyConnection, variables: dict[str, Any] | None) -> None:
    for name, value in (variables or {}).items():
        connection.execute(f"set variable {name} = $1", [value])


def quoted(path: Path) -> str:
    """A path escaped for single quotes in SQL."""
    return str(path).replace("'", "''")
