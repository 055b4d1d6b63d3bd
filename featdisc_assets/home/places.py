"""Paths: files that ship with the package, and the files of a home."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
DEFAULT_HOME = ".featdisc"


def shipped(name: str) -> Path:
    """A file or folder that is next to the package in a checkout and inside it in a wheel."""
    inside = PACKAGE / name
    return inside if inside.exists() else PACKAGE.parent / name


def sql_folder() -> Path:
    """The folder of the schema, the marts and the checks."""
    return shipped("sql")


@cache
def read_sql(name: str) -> str:
    """The text of a file of `sql/`, named without its extension (`marts/spend`)."""
    return (sql_folder() / f"{name}.sql").read_text(encoding="utf-8")


def sample_path() -> Path:
    """The path of the bundled sample of transcripts."""
    return PACKAGE / "sample" / "transcripts.jsonl"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of everything that runs on one data set make. It can be moved."""

    path: Path

    @classmethod
    def find(cls, given: str | Path | None = None) -> "Home":
        """The given home, else `FEATDISC_HOME`, else `.featdisc` in the working folder."""
        return cls(Path(given or os.environ.get("FEATDISC_HOME") or DEFAULT_HOME).expanduser().absolute())

    @property
    def warehouse(self) -> Path:
        """The DuckDB file with every table and view."""
        return self.path / "warehouse.duckdb"

    @property
    def settings(self) -> Path:
        """The YAML file of the home's settings, by asset."""
        return self.path / "settings.yaml"

    @property
    def prompts(self) -> Path:
        """The folder of the home's own prompts; a file in it overrides the built-in one of the same path."""
        return self.path / "prompts"

    @property
    def published(self) -> Path:
        """The copy of the warehouse for tools that keep a connection open."""
        return self.path / "published.duckdb"

    @property
    def answers(self) -> Path:
        """The SQLite file of all answers of models. Without it they must be paid for again."""
        return self.path / "answers.sqlite"

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.path / "report.html"

    def salt(self) -> str:
        """The secret that prompt fences are derived from, which no transcript can then forge; created on first use."""
        path = self.path / "salt"
        if not path.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            own = path.with_suffix(f".{os.getpid()}")
            own.write_text(secrets.token_hex(16), encoding="ascii")
            # The link fails if another process was first; its salt is then used, so there is only ever one.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(own)
            own.unlink()
        return path.read_text(encoding="ascii").strip()

    @property
    def dagster(self) -> Path:
        """Dagster's storage (DAGSTER_HOME): runs, events, schedules."""
        return self.path / "dagster"
