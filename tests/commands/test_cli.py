"""The command line: what it prints, and one sentence for everything the user can fix."""

import csv
import io
import json
from pathlib import Path

import pytest
import typer

from featdisc_assets.commands import cli
from featdisc_assets.commands import run as running
from featdisc_assets.definitions import assets, build, configs
from featdisc_assets.graph.metadata import markdown_table
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse
from tests.conftest import featdisc


def one_sentence(done_stderr: str) -> str:
    lines = [line for line in done_stderr.strip().splitlines() if line.startswith("featdisc: ")]
    assert len(lines) == 1
    assert "Traceback" not in done_stderr
    return lines[0]


def test_sql_as_a_table_csv_and_json(sample_home: Home) -> None:
    query = "select kind, count(*) as n, cast(sum(n_chars) as bigint) as chars from pieces group by kind order by kind"
    expected = Warehouse(sample_home.warehouse).rows(query)
    as_json = json.loads(featdisc("sql", query, "--format", "json", home=sample_home.path).stdout)
    assert as_json == expected
    as_csv = list(csv.DictReader(io.StringIO(featdisc("sql", query, "--format", "csv", home=sample_home.path).stdout)))
    assert [int(row["n"]) for row in as_csv] == [row["n"] for row in expected]
    as_table = featdisc("sql", query, home=sample_home.path).stdout
    assert all(str(row["n"]) in as_table for row in expected)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from nothing_such", "does not exist"),
        ("drop table pieces", "read-only"),
        ("selec 1", "syntax error"),
    ],
)
def test_a_query_that_does_not_run(query: str, says: str, sample_home: Home) -> None:
    done = featdisc("sql", query, home=sample_home.path)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_no_warehouse_yet(tmp_path: Path) -> None:
    done = featdisc("sql", "select 1", home=tmp_path / "none")
    assert done.returncode == 1
    assert "There is no warehouse" in one_sentence(done.stderr)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            "clusters: {granularity: 3}",
            "clusters has no setting 'granularity'; it has method, target",
        ),
        (
            "clusters: {min_similarity: 5}",
            "clusters.min_similarity = 5 does not fit: input should be less than or equal to 1",
        ),
        ("cluster: {seed: 1}", "No asset named 'cluster' takes settings"),
        ("clusters: [1]", "must map assets to their settings"),
        ("clusters: {", "cannot be read as YAML"),
    ],
)
def test_invalid_settings_are_reported_before_the_run(settings: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(settings, encoding="utf-8")
    done = featdisc("run", "--sample", "--config", str(path), home=tmp_path / "home")
    assert done.returncode == 1
    assert says in one_sentence(done.stderr)
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
def test_settings_reach_their_asset(tmp_path: Path) -> None:
    source = tmp_path / "chats.csv"
    source.write_text(
        "id,user,response\n1,How old is the moon?,About four billion years.\n2,Hi,Hello!\n", encoding="utf-8"
    )
    (tmp_path / "run.yaml").write_text(
        "report: {title: Two small chats}\ncluster_interest: {rounds: 1}\n", encoding="utf-8"
    )
    home = Home(tmp_path / "home")
    done = featdisc("run", "--source", str(source), "--config", str(tmp_path / "run.yaml"), home=home.path)
    assert done.returncode == 0, done.stderr
    assert "Two small chats" in home.report.read_text(encoding="utf-8")
    db = Warehouse(home.warehouse)
    assert db.scalar("select max(n_scores) from cluster_interest") == 1
    assert db.scalar("select count(*) from pieces where kind = 'thought'") == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "does not exist"), ("", "holds no rows"), ("nonsense\n{}\n", "no transcript could be read")],
)
def test_a_source_without_transcripts(text: str | None, says: str, tmp_path: Path) -> None:
    source = tmp_path / "chats.jsonl"
    if text is not None:
        source.write_text(text, encoding="utf-8")
    home = Home(tmp_path / "home")
    done = featdisc("run", "--source", str(source), home=home.path)
    assert done.returncode == 1
    assert says in one_sentence(done.stderr)
    if text:
        reasons = Warehouse(home.warehouse).rows("select location, reason from quarantine order by location")
        assert [row["location"].endswith(f":{line}") for line, row in enumerate(reasons, 1)] == [True, True]
        assert all(row["reason"] for row in reasons)


@pytest.mark.slow
def test_bad_rows_are_quarantined_and_the_rest_loads(tmp_path: Path) -> None:
    source = tmp_path / "chats.jsonl"
    good = json.dumps(
        {"id": "g", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}
    )
    source.write_text(f"{good}\nnot json\n", encoding="utf-8")
    home = Home(tmp_path / "home")
    assert featdisc("run", "--source", str(source), home=home.path).returncode == 0
    db = Warehouse(home.warehouse)
    assert db.rows("select transcript_id from transcripts") == [{"transcript_id": "g"}]
    assert db.scalar("select location from quarantine").endswith("chats.jsonl:2")


def test_every_op_with_settings_can_be_checked() -> None:
    taking = {
        definition.op.name for definition in assets if getattr(definition.op.config_schema.config_type, "fields", {})
    }
    checks_with_settings = {
        "rated_texts_failed_share",
        "near_equal_texts_near_equal_share",
        "cluster_audit_near_duplicate_share",
        "swallowed_themes_swallowed_share",
        "cluster_stability_clusters_are_stable",
    }
    assert set(configs) == taking | checks_with_settings
    # Run config is by op: an unknown name would fail the run.
    assert set(configs) <= {node.name for node in build(Home.find()).resolve_job_def("everything").nodes}


def test_budget_and_retry_failed_reach_every_asset_that_calls_a_model() -> None:
    given = running.settings(sources=[], model="some/model", budget_usd=0.0, retry_failed=True)
    assert given == {
        "rating_plan": {"model": "some/model", "budget_usd": 0.0},
        "features": {"retry_failed": True},
        "embeddings": {"retry_failed": True},
        **{asset: {"retry_failed": True} for asset in running.NAMING},
    }
    assert running.settings(sources=[]) == {}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--budget-usd", "-1"),
            "rating_plan.budget_usd = -1.0 does not fit: input should be greater than or equal to 0",
        ),
        (("--budget-usd", "5", "--model", "ollama_chat/x", "--config", "one_price.yaml"), "give both, in dollars"),
        (("--config", "batch.yaml"), "'surface/v1' cannot be asked in batches"),
        (("--config", "mode.yaml"), "rating_plan.mode = 'tomorrow' does not fit: input should be 'live' or 'batch'"),
    ],
)
def test_payment_problems_are_reported_before_the_run(options: tuple[str, ...], says: str, tmp_path: Path) -> None:
    (tmp_path / "one_price.yaml").write_text("rating_plan: {price_in: 2.0}", encoding="utf-8")
    (tmp_path / "mode.yaml").write_text("rating_plan: {mode: tomorrow}", encoding="utf-8")
    (tmp_path / "batch.yaml").write_text("rating_plan: {mode: batch}", encoding="utf-8")
    paths = [str(tmp_path / option) if option.endswith(".yaml") else option for option in options]
    done = featdisc("run", "--sample", *paths, home=tmp_path / "home")
    assert done.returncode == 1
    assert says in one_sentence(done.stderr)
    assert not (tmp_path / "home").exists()


READING = ["--map", "user=q", "--map", "response=a", "--redact", "--granularity", "turn"]


def test_a_plan_reads_sources_as_the_next_run_does(tmp_path: Path) -> None:
    """Its reading options are those of a run, and the home remembers them."""
    source = tmp_path / "odd.jsonl"
    source.write_text(json.dumps({"q": "Who is ann@example.com?", "a": "Nobody I know."}) + "\n", encoding="utf-8")
    home = Home(tmp_path / "home")
    done = featdisc("plan", "--source", str(source), *READING, home=home.path)
    assert done.returncode == 0, done.stderr
    assert "--granularity turn" in done.stdout
    db = Warehouse(home.warehouse)
    assert [row["text"] for row in db.rows("select text from pieces order by kind desc")] == [
        "Who is [email]?", "Nobody I know.",
    ]  # fmt: skip
    assert db.scalar("select sum(n_texts) from rating_plan") == 2
    assert featdisc("plan", home=home.path).returncode == 0
    assert json.loads(db.scalar("select reading from sources"))["map"] == ["user=q", "response=a"]


def test_a_plan_for_given_features_has_no_requests(tmp_path: Path) -> None:
    source = tmp_path / "features.jsonl"
    source.write_text('{"transcript_id": "a", "kind": "user", "features": ["Asks why"]}\n', encoding="utf-8")
    home = Home(tmp_path / "home")
    both = featdisc("plan", "--sample", "--features", str(source), home=home.path)
    assert "leave the other sources out" in one_sentence(both.stderr)
    done = featdisc("plan", "--features", str(source), home=home.path)
    assert done.returncode == 0, done.stderr
    known = Warehouse(home.warehouse).rows("select n_texts, n_answered, n_pending from rating_plan where kind = 'user'")
    assert known == [{"n_texts": 1, "n_answered": 1, "n_pending": 0}]


def test_run_and_plan_share_their_options() -> None:
    [run, plan] = [
        {parameter.name for parameter in typer.main.get_command(cli.app).commands[name].params}  # type: ignore[attr-defined]
        for name in ("run", "plan")
    ]
    assert run - plan == {"retry_failed"}


def test_a_preview_escapes_markup() -> None:
    table = markdown_table([{"label": "a | b\n# c <script>alert(1)</script> [x](javascript:0)"}])
    assert len(table.splitlines()) == 3
    assert "<script>" not in table
    assert r"\[x\]\(javascript:0\)" in table
    assert r"a \| b" in table
