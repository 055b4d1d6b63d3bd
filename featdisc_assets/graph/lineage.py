"""Column lineage of a view, parsed from its SQL, for the UI."""

from collections.abc import Mapping

import dagster as dg
from sqlglot import exp, lineage, parse_one
from sqlglot.optimizer import build_scope
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.simplify import simplify
from sqlglot.schema import MappingSchema

_DIALECT = "duckdb"


def column_lineage(view: str, sql: str, columns: Mapping[str, list[str]]) -> dg.TableColumnLineage:
    """The columns that each column of a view is computed from; none for `count(*)`.

    Args:
        view: The name of the view.
        sql: The select of the view.
        columns: The columns of every relation, including the view.
    """
    # With a dict, sqlglot would build a schema for every column.
    schema = MappingSchema({name: dict.fromkeys(names, "text") for name, names in columns.items()}, dialect=_DIALECT)
    select = qualify(simplify(parse_one(sql, dialect=_DIALECT)), schema=schema, dialect=_DIALECT, identify=False,
                     validate_qualify_columns=False)  # fmt: skip
    scope = build_scope(select)
    found: dict[str, list[dg.TableColumnDep]] = {}
    for column in columns[view]:
        node = lineage.lineage(column, select, schema, dialect=_DIALECT, scope=scope, trim_selects=False, copy=False)
        sources = {
            (part.source.name, part.name.rpartition(".")[2])
            for part in node.walk()
            if not part.downstream and isinstance(part.source, exp.Table)
        }
        found[column] = [
            dg.TableColumnDep(asset_key=table, column_name=name)
            for table, name in sorted(sources)
            if name in columns.get(table, ())
        ]
    return dg.TableColumnLineage(deps_by_column=found)
