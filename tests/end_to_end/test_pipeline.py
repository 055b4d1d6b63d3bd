"""The whole graph, as a person runs it: repeatable, resumable, and asking nothing twice."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.warehouse import Warehouse
from tests.conftest import copy_of, featdisc, small_source

# Tables of what ran when; and columns of times and what counts them.
TRAIL = {"runs", "run_assets"}
WHEN = {"created_at", "latency_ms", "attempt_id", "day", "mean_latency_ms"}
# How clusters were come by: from nothing the first time, from those that are there the next.
WHEN |= {"way"}
# Hashed with the home's own secret where it names a person.
SALTED = {"group_key"}


def contents(home: Home) -> dict[str, str]:
    """A hash of every table and view, times and the trail of runs apart."""
    db = Warehouse(home.warehouse)
    hashes = {}
    for row in db.rows("select table_name as name from information_schema.tables order by name"):
        if row["name"] in TRAIL:
            continue
        columns = [
            column
            for column in db.schema(row["name"]).names
            if (column not in WHEN or row["name"] == "transcripts") and column not in SALTED
        ]
        chosen = ", ".join(f'"{column}"' for column in columns)
        hashes[row["name"]] = db.scalar(
            f"select md5(string_agg(line, chr(10) order by line)) from"
            f" (select cast(row({chosen}) as varchar) as line from {row['name']})"
        )
    return hashes


def settled(home: Home) -> dict[str, str]:
    """The same without the rating plan, which says what was still to be asked when the run began."""
    return {name: digest for name, digest in contents(home).items() if name != "rating_plan"}


def asked(home: Home) -> int:
    """Attempts at asking a model."""
    with AnswerStore(home.answers) as store:
        return sum(store.count_by_status().values())


@pytest.mark.slow
def test_two_runs_on_the_same_input_give_equal_tables(tmp_path: Path, small_home: Home) -> None:
    other = Home(tmp_path / "other")
    done = featdisc("run", "--source", str(small_home.path.parent / "small.jsonl"), home=other.path)
    assert done.returncode == 0, done.stderr
    one, two = contents(small_home), contents(other)
    assert one == two
    assert one["features"] is not None
    assert small_home.report.read_bytes() == other.report.read_bytes()


@pytest.mark.slow
def test_a_second_run_asks_nothing_and_changes_nothing(tmp_path: Path, small_home: Home) -> None:
    home = copy_of(small_home, tmp_path)
    before, attempts = settled(home), asked(home)
    assert attempts > 0
    # Without --source: a home remembers what it was loaded from.
    done = featdisc("run", home=home.path)
    assert done.returncode == 0, done.stderr
    assert asked(home) == attempts
    assert settled(home) == before


@pytest.mark.slow
def test_new_transcripts_ask_only_for_new_texts(tmp_path: Path, small_home: Home) -> None:
    home, source = copy_of(small_home, tmp_path), small_source(tmp_path, 24)
    rated = Warehouse(home.warehouse).scalar("select count(*) from ratings where purpose = 'rate'")
    # One new transcript, and one under a new id whose texts are known.
    lines = sample_path().read_text(encoding="utf-8").splitlines()
    twin = json.loads(lines[0]) | {"id": "twin"}
    with source.open("a", encoding="utf-8") as file:
        file.write(lines[24] + "\n" + json.dumps(twin) + "\n")
    done = featdisc("run", "--source", str(source), home=home.path)
    assert done.returncode == 0, done.stderr
    db = Warehouse(home.warehouse)
    assert db.scalar("select count(*) from transcripts") == 26
    new = db.scalar(
        "select count(distinct (kind, text_hash)) from pieces where transcript_id = $1", [json.loads(lines[24])["id"]]
    )
    assert db.scalar("select count(*) from ratings where purpose = 'rate'") == rated + new


@pytest.mark.thorough
@pytest.mark.parametrize("after", ["rating_plan", "features", "embeddings", "cluster_names"])
def test_killed_and_started_again_it_finishes_the_same(tmp_path: Path, small_home: Home, after: str) -> None:
    whole, source, killed = small_home, small_home.path.parent / "small.jsonl", Home(tmp_path / "killed")
    run = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "featdisc_assets.commands.cli",
            "run",
            "--source",
            str(source),
            "--home",
            str(killed.path),
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if re.search(rf"\b{after}\s+…", line):
            break
    time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()
    done = featdisc("run", "--source", str(source), home=killed.path)
    assert done.returncode == 0, done.stderr
    # Attempts that were in flight at the kill stand in the ledger too.
    ledger = {"ratings", "spend"}
    assert {k: v for k, v in settled(killed).items() if k not in ledger} == {
        k: v for k, v in settled(whole).items() if k not in ledger
    }


def test_every_table_of_the_sample_has_rows(sample_db: Warehouse) -> None:
    # Nothing failed, no prompt leaked, rules do not repeat themselves in a piece, nothing was rated elsewhere, no chat
    # is another's near copy, no phrase comes back in clusters about other things, and what is asked only when it is
    # wanted was not.
    empty_by_nature = {"quarantine", "failures", "example_echoes", "evidence", "evidence_summary", "verification"}
    empty_by_nature |= {"rating_precision", "codebook", "codebook_prevalence", "mention_flags", "given_features"}
    empty_by_nature |= {"near_equal_texts", "near_duplicates", "swallowed_themes"}
    for row in sample_db.rows("select table_name as name from information_schema.tables"):
        count = sample_db.scalar(f"select count(*) from {row['name']}")
        assert (count > 0) != (row["name"] in empty_by_nature), row["name"]


def test_a_piece_can_be_followed_from_report_to_words(sample_db: Warehouse) -> None:
    rows = sample_db.rows("""
        select cluster_prevalence.label, pieces.text, vocabulary.text as feature
        from cluster_prevalence
        inner join cluster_members using (cluster_id)
        inner join vocabulary using (feature_id)
        inner join features using (feature_id)
        inner join pieces using (piece_id)
        where cluster_prevalence.kind = 'thought'
        qualify row_number() over (partition by cluster_prevalence.cluster_id order by pieces.piece_id) = 1""")
    assert len(rows) == sample_db.scalar("select count(*) from clusters where kind = 'thought'")
    assert all(row["text"].strip() and row["feature"] for row in rows)


def test_prevalence_counts_transcripts_once(sample_db: Warehouse) -> None:
    wrong = sample_db.rows("""
        select cluster_id, n_transcripts, counted.n
        from clusters
        inner join (
            select cluster_id, count(distinct transcript_id) as n from transcript_clusters group by cluster_id
        ) as counted using (cluster_id)
        where n_transcripts != counted.n""")
    assert wrong == []
