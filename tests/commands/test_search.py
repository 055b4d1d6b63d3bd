"""Search by meaning, on the sample."""

from pathlib import Path

from featdisc_assets.commands.search import search
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse
from tests.conftest import featdisc


def test_a_feature_without_a_word_of_the_query_is_found(sample_db: Warehouse) -> None:
    found = search(sample_db, "worries that somebody is evaluating it", limit=5)
    assert "Suspects this is a test or evaluation" in {row["feature"] for row in found}
    assert [row["similarity"] for row in found] == sorted((row["similarity"] for row in found), reverse=True)
    assert all(row["cluster_id"] and row["cluster"] and row["a_piece"] for row in found)


def test_the_command_prints_features(sample_home: Home, tmp_path: Path) -> None:
    done = featdisc("search", "tracks its token budget", "--limit", "3", home=sample_home.path)
    assert done.returncode == 0, done.stderr
    assert "Tracks its token budget" in done.stdout
    nowhere = featdisc("search", "anything", home=tmp_path / "none")
    assert nowhere.returncode == 1
    assert "There is no warehouse" in nowhere.stderr
