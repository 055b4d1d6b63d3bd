"""The views of `sql/marts`, in the order of their dependencies."""

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter

from featdisc_assets.home.places import read_sql, sql_folder

_RELATION = re.compile(r"\b(?:from|join)\s+([a-z_]+)\b")
_WITH = re.compile(r"(?:\bwith|,)\s+([a-z_]+)\s+as\s+\(")
_MACRO_CALL = re.compile(r"(?<=^from )(\w+)\((.*)\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mart:
    """One view: its name, its select, its grain, and the relations it selects from."""

    name: str
    sql: str
    grain: str
    reads: frozenset[str]


@cache
def marts() -> tuple[Mart, ...]:
    """Every view of `sql/marts`, each after the views it selects from."""
    found = {path.stem: _parse(path.stem) for path in sorted((sql_folder() / "marts").glob("*.sql"))}
    order = TopologicalSorter({name: sorted(mart.reads & found.keys()) for name, mart in found.items()})
    return tuple(found[name] for name in order.static_order())


def _parse(name: str) -> Mart:
    sql = _MACRO_CALL.sub(_macro_body, read_sql(f"marts/{name}").strip())
    first, _, _ = sql.partition("\n")
    return Mart(name=name, sql=sql, grain=first.removeprefix("-- grain:").strip(), reads=relations(sql))


def relations(sql: str) -> frozenset[str]:
    """The tables, views and table macros that a query selects from, without its own `with` clauses."""
    code = re.sub(r"--.*", "", sql)
    return frozenset(_RELATION.findall(code)) - frozenset(_WITH.findall(code))


def _macro_body(call: re.Match[str]) -> str:
    """The select of the table macro that a mart calls: the mart gets its inputs, column lineage and code version."""
    macro = rf"^create or replace macro {call[1]}\(([^)]*)\) as table\n(.*?);$"
    [(parameters, body)] = re.findall(macro, read_sql("table_macros"), re.MULTILINE | re.DOTALL)
    for parameter, value in zip(parameters.split(", "), call[2].split(", "), strict=True):
        body = re.sub(rf"\b{parameter.split()[0]}\b", value, body)
    return f"(\n{body}\n) as {call[1]}"
