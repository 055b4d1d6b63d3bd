"""Read a query from the command line, a file or standard input, and write its result to a file."""

import difflib
import sys
from pathlib import Path

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse, copy_out

FORMATS = ("parquet", "csv", "json")
_EXTENSIONS = {"ndjson": "json", "jsonl": "json", "pq": "parquet"}


def warehouse(home: Home) -> Warehouse:
    """The warehouse of a home.

    Raises:
        FeatdiscError: If there is none yet.
    """
    if not home.warehouse.exists():
        raise FeatdiscError(
            f"There is no warehouse at {home.warehouse}; make one with `featdisc run --home {home.path}`."
        )
    return Warehouse(home.warehouse)


def select_of(query: str | None, file: Path | None) -> str:
    """The query given as text, as a file, or as `-` for standard input.

    Raises:
        FeatdiscError: If not exactly one is given, or the file cannot be read.
    """
    if (query is None) == (file is None):
        raise FeatdiscError("Give one query: as text, as `--file query.sql`, or as `-` for standard input.")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise FeatdiscError(f"The query in {file} cannot be read ({error}); give a text file.") from error
    return sys.stdin.read() if query == "-" else str(query)


def export(home: Home, *, name: str | None, query: str | None, to: Path, format_: str | None) -> tuple[Path, int]:
    """Write a relation or the result of a query to a file; returns the path and the number of rows.

    Args:
        home: The home of the warehouse.
        name: A table or view.
        query: One select, in place of a name.
        to: A file, or a folder for a file with the relation's name.
        format_: One of `FORMATS`; None for the format of the file's extension, else Parquet.

    Raises:
        FeatdiscError: If not exactly one of name and query is given, the name is unknown, or the path is unusable.
        QueryError: If DuckDB cannot run the query.
    """
    if (name is None) == (query is None):
        raise FeatdiscError("Give the name of one table or view, or one select with --query.")
    db = warehouse(home)
    extension = to.suffix.lower().removeprefix(".")
    extension = _EXTENSIONS.get(extension, extension)
    chosen = format_ or (extension if extension in FORMATS else "parquet")
    path = to / f"{name or 'query'}.{chosen}" if to.is_dir() else to
    if path.is_dir() or not path.parent.is_dir():
        raise FeatdiscError(
            f"{path} cannot be written: its folder does not exist, or it is a folder itself; make the folder first."
        )
    if path.resolve() in (home.warehouse.resolve(), home.answers.resolve()):
        raise FeatdiscError(f"{path} is a file of featdisc itself; name another file.")
    return path, copy_out(db, query if query is not None else f'from "{relation_name(db, str(name))}"', path, chosen)


def relation_name(db: Warehouse, name: str) -> str:
    """The name of a table or view in the spelling of the warehouse.

    Raises:
        FeatdiscError: If there is none; the message lists similar names.
    """
    names: list[str] = [row["name"] for row in db.rows(RELATIONS)]
    folded = {each.lower(): each for each in names}
    if name.lower() in folded:
        return folded[name.lower()]
    near = difflib.get_close_matches(name.lower(), folded, n=4, cutoff=0.5)
    near += [each for each in folded if name.lower() in each and each not in near][:4]
    others = f"similar names: {', '.join(folded[each] for each in near)}" if near else f"it has {', '.join(names)}"
    raise FeatdiscError(f"The warehouse has no table or view {name!r}; {others}.")


RELATIONS = """
select table_name as name, 'table' as what, comment from duckdb_tables()
where database_name = current_database() and not internal
union all
select view_name, 'view', comment from duckdb_views() where database_name = current_database() and not internal
order by what, name
"""
