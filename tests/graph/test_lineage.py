"""Column lineage of views."""

import dagster as dg

from featdisc_assets.graph.lineage import column_lineage
from featdisc_assets.warehouse import Warehouse
from featdisc_assets.warehouse.marts import marts

COLUMNS = {"t": ["a", "b"], "u": ["b", "c"], "v": ["a", "twice", "n", "c"]}


def lineage(sql: str) -> dict[str, list[tuple[str, str]]]:
    found = column_lineage("v", sql, COLUMNS).deps_by_column
    return {
        column: [(dep.asset_key.to_user_string(), dep.column_name) for dep in deps] for column, deps in found.items()
    }


def test_columns_are_followed_through_subqueries_and_joins() -> None:
    sql = """
        with doubled as (select a, 2 * b as twice, b from t)
        select doubled.a, twice, count(*) as n, any_value(u.c) as c
        from doubled inner join u on doubled.b = u.b group by doubled.a, twice"""
    assert lineage(sql) == {"a": [("t", "a")], "twice": [("t", "b")], "n": [], "c": [("u", "c")]}


def test_every_view_has_a_lineage_of_existing_columns(sample_db: Warehouse) -> None:
    columns: dict[str, list[str]] = {}
    for row in sample_db.rows("select table_name, column_name from duckdb_columns() where not internal"):
        columns.setdefault(row["table_name"], []).append(row["column_name"])
    for mart in marts():
        found = column_lineage(mart.name, mart.sql, columns).deps_by_column
        assert list(found) == columns[mart.name]
        deps = [dep for of_column in found.values() for dep in of_column]
        assert deps, mart.name
        assert {dep.asset_key for dep in deps} <= {dg.AssetKey(name) for name in mart.reads}
