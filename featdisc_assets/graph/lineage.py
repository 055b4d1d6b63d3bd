"""Which columns a view's columns come from, read out of its SQL for the UI's column lineage."""

from collections.abc import Mapping

import dagster as dg
from sqlglot import exp, lineage, parse_one
from sqlglot.optimizer import build_scope
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

_DIALECT = "duckdb"


def column_lineage(view: str, sql: str, columns: Mapping[str, list[str]]) -> dg.TableColumnLineage:
    """For each column of a view the columns of the relations it selects from; none for those it counts.

    Args:
        view: Its name.
        sql: Its select.
        columns: The columns of every relation, the view among them.
    """
    # As a schema: out of a dict, sqlglot would make one for every column.
    schema = MappingSchema({name: dict.fromkeys(names, "text") for name, names in columns.items()}, dialect=_DIALECT)
    select = qualify(parse_one(sql, dialect=_DIALECT), schema=schema, dialect=_DIALECT, identify=False,
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
