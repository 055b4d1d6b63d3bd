"""What the schema has and a file of an earlier version has not."""

import duckdb

from featdisc_assets.home.places import read_sql

_COLUMNS = """
select table_name, column_name, data_type, is_nullable from duckdb_columns()
where database_name = current_database() and schema_name = 'main' and not internal
order by table_name, column_index
"""


def behind(connection: duckdb.DuckDBPyConnection) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """How the tables of a file are behind the schema, in the schema's order.

    Returns:
        Table, name and type of the columns it lacks; table and name of those that may be null only in the schema.
    """
    with duckdb.connect() as scratch:
        scratch.execute(read_sql("schema"))
        wanted = scratch.execute(_COLUMNS).fetchall()
    there = {(table, column): free for table, column, _, free in connection.execute(_COLUMNS).fetchall()}
    missing = [(table, column, type_) for table, column, type_, _ in wanted if (table, column) not in there]
    loosened = [(table, column) for table, column, _, free in wanted if free and not there.get((table, column), True)]
    return missing, loosened
