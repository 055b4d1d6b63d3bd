"""Every command and every query of the README, and of the page on living with a home, runs."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.warehouse import Warehouse, ask
from tests.conftest import featdisc
from tests.loopback.server import Loopback

ROOT = Path(__file__).parents[2]
# In the order a newcomer reads them: commands of the second act on what those of the first made.
PAGES = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/day-by-day.md"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES, re.MULTILINE | re.DOTALL)


COMMANDS = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines() if line.strip()]


def test_there_are_commands_and_queries_to_try() -> None:
    assert len(blocks("sql")) >= 6
    assert {words[0] for words in COMMANDS} == {"make", "featdisc"}


@pytest.mark.parametrize("query", blocks("sql"), ids=lambda query: query.split("from")[1].split()[0])
def test_every_query_answers_on_the_sample(query: str, sample_db: Warehouse) -> None:
    assert ask(sample_db, query).num_rows > 0


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0] == "make"], ids=" ".join)
def test_make_knows_its_targets(words: list[str]) -> None:
    done = subprocess.run([*words, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_every_command_runs_in_the_order_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample_home: Home
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = sample_path().read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "chats.jsonl").write_text("".join(lines[:10]), encoding="utf-8")
    (tmp_path / "run.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    ran = 0
    with Loopback() as server:
        keys = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none", "FEATDISC_HOME": str(sample_home.path)}
        for words in COMMANDS:
            if words[0] == "featdisc":
                done = featdisc(*words[1:], home=None, **keys)
                assert done.returncode == 0, (words, done.stderr)
                assert done.stdout.strip()
                ran += 1
        assert server.requests["rate"] > 0
    assert ran >= 6
