"""The database says itself what every table, view, column and macro holds."""

from pathlib import Path

import pytest

from featdisc_assets.graph.metadata import table_metadata
from featdisc_assets.warehouse import Warehouse, comments
from featdisc_assets.warehouse.marts import marts
from tests.homes import prepare_by_copy
from tools import draw_schema

COMMENTS = """
select table_name || '.' || column_name as what, comment from duckdb_columns() where not internal
union all select table_name, comment from duckdb_tables() where not internal
union all select view_name, comment from duckdb_views() where not internal
union all select distinct function_name, comment from duckdb_functions()
where function_type in ('macro', 'table_macro') and not internal
order by all
"""


@pytest.fixture
def db(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    prepare_by_copy(warehouse)
    return warehouse


def test_nothing_is_without_a_comment(db: Warehouse) -> None:
    without = [row["what"] for row in db.rows(COMMENTS) if not row["comment"]]
    assert not without, "give each a line in sql/columns.yaml (a macro: a comment above it in its SQL file)"
    with db.connect() as connection:
        assert comments.uncommented(connection) == []


def test_a_column_without_a_line_is_named(db: Warehouse) -> None:
    db.run("alter table probes add column luck double")
    with db.connect() as connection:
        assert comments.uncommented(connection) == ['column "probes"."luck"']


def test_every_line_speaks_of_a_column_that_is_there(db: Warehouse) -> None:
    there = {(row["table_name"], row["column_name"]) for row in db.rows("from duckdb_columns() where not internal")}
    known = {f"{table}.{column}" for table, column in there}
    # A bare name that every relation overrides speaks for nobody.
    bare = {column for table, column in there if f"{table}.{column}" not in comments.columns()}
    assert comments.columns().keys() - known - bare == set()


def test_comments_outlive_what_is_made_anew(db: Warehouse) -> None:
    before = db.rows(COMMENTS)
    coverage = next(mart for mart in marts() if mart.name == "coverage")
    db.make_views(coverage)
    assert db.rows(COMMENTS) == before
    db.run(f"create or replace view coverage as {coverage.sql}")
    db.run("comment on column pieces.kind is 'wrong'")
    assert db.rows(COMMENTS) != before
    db.prepare()
    assert db.rows(COMMENTS) == before


def test_only_what_changed_is_written(db: Warehouse) -> None:
    with db.connect() as connection:
        # Macros alone: they lose their comment when they are made, and to look is dearer than to write.
        assert comments.comment(connection) == len(comments.macro_comments())
        assert comments.comment(connection, "coverage") == 0
        connection.execute("""comment on column coverage.kind is null; comment on view coverage is 'it''s wrong'""")
        assert comments.comment(connection, "pieces") == 0
        assert comments.comment(connection, "coverage") == 2


def shown(db: Warehouse, relation: str) -> dict[str, str | None]:
    """What the UI shows beside each column."""
    columns = table_metadata(db, relation)["dagster/column_schema"].columns
    return {column.name: column.description for column in columns}


def test_a_table_that_is_nobodys_here_is_left_alone(db: Warehouse) -> None:
    db.run("create table mine (cluster_id varchar)")
    db.prepare()
    assert shown(db, "mine") == {"cluster_id": None}


def test_the_ui_shows_what_each_column_holds(db: Warehouse) -> None:
    found = shown(db, "coverage")
    assert list(found) == db.schema("coverage").names
    assert found["features_per_piece"] == "mean number of features; null where nothing is rated"
    # The relation's own line goes before the one for the bare name.
    assert str(found["status"]).startswith("the outcome of the rating")
    assert str(shown(db, "rated_texts")["status"]).startswith("the outcome;")


def test_the_picture_shows_the_schema_as_it_is(db: Warehouse) -> None:
    drawn = draw_schema.draw(db)
    assert draw_schema.PATH.read_text(encoding="utf-8") == drawn, "`make schema` draws it anew"
    assert all(f">{mart.name}</text>" in drawn for mart in marts())
    db.run("alter table probes add column luck double")
    assert ">luck<" in draw_schema.draw(db)
