"""Every query of the cookbook and every line of docs/sql.md runs on the sample."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse, ask
from tests.conftest import featdisc

DOCS = Path(__file__).parents[2] / "docs"
RECIPES = re.findall(
    r"^\*\*(\d+)\. (.+?)\*\* (.+?)\n\n```sql\n(.*?)^```",
    (DOCS / "cookbook.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
SQL_PAGE = (DOCS / "sql.md").read_text(encoding="utf-8")


def test_there_are_29_in_order() -> None:
    assert [int(number) for number, *_ in RECIPES] == list(range(1, 30))
    assert len({query for *_, query in RECIPES}) == 29


@pytest.mark.parametrize(("number", "question", "says", "query"), RECIPES, ids=[row[1] for row in RECIPES])
def test_every_recipe_answers(number: str, question: str, says: str, query: str, sample_db: Warehouse) -> None:
    assert question.endswith("?")
    answer = ask(sample_db, query)
    if "No row is the right answer" in says:
        assert answer.num_rows == 0
        assert number in ("23", "28")
    else:
        assert answer.num_rows > 0


@pytest.mark.parametrize("query", re.findall(r"^```sql\n(.*?)^```", SQL_PAGE, re.MULTILINE | re.DOTALL))
def test_every_query_of_the_page_answers(query: str, sample_db: Warehouse) -> None:
    assert ask(sample_db, query).num_rows > 0


def test_every_macro_stands_on_the_page(sample_db: Warehouse) -> None:
    macros = sample_db.rows(
        "select distinct function_name as name from duckdb_functions()"
        " where function_type in ('macro', 'table_macro') and not internal"
    )
    assert all(f"`{row['name']}(" in SQL_PAGE for row in macros)


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path, sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "question.sql").write_text("-- grain: one\nselect 1 as one", encoding="utf-8")
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```", SQL_PAGE, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(lines) == 7
    for line in lines:
        words = shlex.split(line.rpartition("| ")[2])
        assert words[0] == "featdisc"
        typed = (
            subprocess.run(["sh", "-c", line.partition(" | ")[0]], capture_output=True, text=True, check=True).stdout
            if " | " in line
            else ""
        )
        done = featdisc(*words[1:], home=sample_home.path, stdin=typed)
        assert done.returncode == 0, (line, done.stderr)
        assert done.stdout or words[1] == "shell"
    assert {path.name for path in tmp_path.iterdir()} == {
        "question.sql",
        "cluster_prevalence.parquet",
        "not_ok.csv",
        "transcript_clusters.json",
    }
