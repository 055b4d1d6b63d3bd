"""A person's query and where its answer goes: from the command line, a file or standard input, to a file."""

import difflib
import sys
from pathlib import Path

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse, copy_out

FORMATS = ("parquet", "csv", "json")
_ENDINGS = {"ndjson": "json", "jsonl": "json", "pq": "parquet"}


def warehouse(home: Home) -> Warehouse:
    """The warehouse of a home.

    Raises:
        FeatdiscError: There is none yet.
    """
    if not home.warehouse.exists():
        raise FeatdiscError(
            f"There is no warehouse at {home.warehouse}; make one with `featdisc run --home {home.path}`."
        )
    return Warehouse(home.warehouse)


def select_of(query: str | None, file: Path | None) -> str:
    """The query that was given as words, as a file, or as `-`, standard input.

    Raises:
        FeatdiscError: Not exactly one was given, or the file cannot be read.
    """
    if (query is None) == (file is None):
        raise FeatdiscError("Give one query: as words, as `--file query.sql`, or as `-` for standard input.")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise FeatdiscError(f"The query in {file} cannot be read ({error}); give a text file.") from error
    return sys.stdin.read() if query == "-" else str(query)


def export(home: Home, *, name: str | None, query: str | None, to: Path, format_: str | None) -> tuple[Path, int]:
    """Write a relation or a query's answer to a file; gives the file and its rows.

    Args:
        home: Whose warehouse.
        name: A table or view.
        query: One select, in place of a name.
        to: A file, or a folder for a file of the relation's name.
        format_: One of `FORMATS`; None goes by how the file's name ends, else Parquet.

    Raises:
        FeatdiscError: Not exactly one of name and query, an unknown name, or a place that cannot be written.
        QueryError: DuckDB would not run the query.
    """
    if (name is None) == (query is None):
        raise FeatdiscError("Give the name of one table or view, or one select by --query.")
    db = warehouse(home)
    ending = to.suffix.lower().removeprefix(".")
    ending = _ENDINGS.get(ending, ending)
    chosen = format_ or (ending if ending in FORMATS else "parquet")
    path = to / f"{name or 'query'}.{chosen}" if to.is_dir() else to
    if path.is_dir() or not path.parent.is_dir():
        raise FeatdiscError(f"{path} cannot be written: {path.parent} holds no such place; make the folder first.")
    if path.resolve() in (home.warehouse.resolve(), home.answers.resolve()):
        raise FeatdiscError(f"{path} holds what featdisc itself keeps; name another file.")
    return path, copy_out(db, query if query is not None else f'from "{known(db, str(name))}"', path, chosen)


def known(db: Warehouse, name: str) -> str:
    """A table's or view's name as the warehouse spells it.

    Raises:
        FeatdiscError: There is none; the sentence lists near ones.
    """
    names: list[str] = [row["name"] for row in db.rows(RELATIONS)]
    folded = {each.lower(): each for each in names}
    if name.lower() in folded:
        return folded[name.lower()]
    near = difflib.get_close_matches(name.lower(), folded, n=4, cutoff=0.5)
    near += [each for each in folded if name.lower() in each and each not in near][:4]
    said = f"near it: {', '.join(folded[each] for each in near)}" if near else f"there are {', '.join(names)}"
    raise FeatdiscError(f"There is no table or view {name!r} here; {said}.")


RELATIONS = """
select table_name as name, 'table' as what, comment from duckdb_tables()
where database_name = current_database() and not internal
union all
select view_name, 'view', comment from duckdb_views() where database_name = current_database() and not internal
order by what, name
"""
