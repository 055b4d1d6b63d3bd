"""Differences between the schema and a file of an earlier version."""

import duckdb

from featdisc_assets.home.places import read_sql

_COLUMNS = """
select table_name, column_name, data_type, is_nullable from duckdb_columns()
where database_name = current_database() and schema_name = 'main' and not internal
order by table_name, column_index
"""


def missing_columns(connection: duckdb.DuckDBPyConnection) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Columns of the schema that a file lacks, in the schema's order.

    Returns:
        Table, name and type of the missing columns; table and name of those that only the schema allows to be null.
    """
    with duckdb.connect() as scratch:
        scratch.execute(read_sql("schema"))
        wanted = scratch.execute(_COLUMNS).fetchall()
    existing = {(table, column): free for table, column, _, free in connection.execute(_COLUMNS).fetchall()}
    missing = [(table, column, type_) for table, column, type_, _ in wanted if (table, column) not in existing]
    loosened = [
        (table, column) for table, column, _, free in wanted if free and not existing.get((table, column), True)
    ]
    return missing, loosened
