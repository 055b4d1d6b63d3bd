"""Comments on tables, views, columns and macros, stored in the database (`comment on …`).

The comment of a table or macro is the lines above its statement, that of a view is its grain, and that of a column is
in `sql/columns.yaml`.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol

import yaml

from featdisc_assets.home.places import read_sql, sql_folder
from featdisc_assets.warehouse.marts import marts


class _Connection(Protocol):
    def execute(self, query: str, parameters: object = ..., /) -> Any: ...  # noqa: ANN401 - DuckDB's own


def comment(connection: _Connection, *relations: str) -> int:
    """Write missing and changed comments; return the number of statements.

    Call it after `create or replace view`, which drops the comments of the view.

    Args:
        connection: A writing connection to the warehouse.
        relations: The tables and views to comment; none means all of them and the macros.
    """
    statements = [
        f"comment on {what} is {_quoted(text)}"
        for what, text, there in _wanted(connection, relations)
        if text and text != there
    ]
    if statements:
        connection.execute(";\n".join(statements))
    return len(statements)


def uncommented(connection: _Connection) -> list[str]:
    """Tables, views, columns and macros of the schema without a comment."""
    return [what for what, text, _ in _wanted(connection, ()) if not text]


@cache
def relation_comments() -> dict[str, str]:
    """The comment of every table and view."""
    return _above(read_sql("schema"), r"create table if not exists") | {mart.name: mart.grain for mart in marts()}


@cache
def macro_comments() -> dict[str, tuple[str, str]]:
    """The comment of every macro, and whether it is a `macro` or a `macro table`."""
    sql = "\n".join((read_sql("macros"), read_sql("table_macros")))
    tables = set(re.findall(r"^create or replace macro (\w+)\s*\([^)]*\) as table\b", sql, re.MULTILINE))
    return {
        name: ("macro table" if name in tables else "macro", text)
        for name, text in _above(sql, "create or replace macro").items()
    }


@cache
def columns() -> dict[str, str]:
    """The lines of `sql/columns.yaml`."""
    lines: dict[str, str] = yaml.safe_load((sql_folder() / "columns.yaml").read_text(encoding="utf-8"))
    return lines


def _wanted(connection: _Connection, only: tuple[str, ...]) -> Iterator[tuple[str, str, str | None]]:
    """The target of `comment on`, the wanted comment, and the present one."""
    ours = relation_comments()
    for what, name, there in connection.execute(_RELATIONS).fetchall():
        if name in ours and (not only or name in only):
            yield f'{what} "{name}"', ours[name], there
    for name, column, there in connection.execute(_COLUMNS).fetchall():
        if name in ours and (not only or name in only):
            yield f'column "{name}"."{column}"', columns().get(f"{name}.{column}") or columns().get(column, ""), there
    # `prepare` recreates macros each time, and listing DuckDB's functions takes 30 ms, so their comments are not read.
    for name, (what, text) in () if only else macro_comments().items():
        yield f'{what} "{name}"', text, None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _above(sql: str, statement: str) -> dict[str, str]:
    """The joined comment lines above each statement, by the name that the statement creates."""
    found = re.findall(rf"((?:^--[^\n]*\n)*)^{statement} (\w+)", sql, re.MULTILINE)
    return {name: re.sub(r"\n?-- ?", " ", lines).strip() for lines, name in found}


_RELATIONS = """
select 'table', table_name, comment from duckdb_tables() where database_name = current_database() and not internal
union all
select 'view', view_name, comment from duckdb_views() where database_name = current_database() and not internal
order by all
"""

_COLUMNS = """
select table_name, column_name, comment from duckdb_columns()
where database_name = current_database() and not internal
order by table_name, column_index
"""
