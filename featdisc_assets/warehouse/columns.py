"""What the schema has and a file of an earlier version has not."""

import duckdb

from featdisc_assets.places import read_sql


def missing(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Table, name and type of the columns that the schema has and this file has not, in the schema's order."""
    with duckdb.connect() as scratch:
        scratch.execute(read_sql("schema"))
        wanted = scratch.execute(_COLUMNS).fetchall()
    there = {(table, column) for table, column, _ in connection.execute(_COLUMNS).fetchall()}
    return [(table, column, type_) for table, column, type_ in wanted if (table, column) not in there]


def loosened(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
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
