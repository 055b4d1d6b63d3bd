"""The report: its queries, its templates, and rendering."""

from functools import cache
from pathlib import Path

QUERIES = Path(__file__).parent / "queries"


@cache
def read_query(name: str) -> str:
    """The text of one file of `queries/`, named without its ending (`prevalent`)."""
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
