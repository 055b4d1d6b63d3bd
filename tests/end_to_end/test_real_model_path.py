"""The whole graph against a real HTTP server that speaks OpenAI's protocol, and what is said when it cannot start."""

from pathlib import Path

import pytest

from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.warehouse import Warehouse
from tests.conftest import featdisc
from tests.loopback.server import MODEL, Loopback


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "eight.jsonl"
    path.write_text("".join(sample_path().read_text(encoding="utf-8").splitlines(keepends=True)[:8]), encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_whole_graph_over_http(source: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with Loopback() as server:
        # One fault of a passing kind: the run rides it out, and the ledger shows it.
        done = featdisc("run", "--source", str(source), "--model", MODEL, "--api-base", server.url, home=home.path)
        assert done.returncode == 0, done.stderr
        db = Warehouse(home.warehouse)
        texts = db.scalar("select count(distinct (kind, text_hash)) from pieces")
        assert server.requests["rate"] == texts
        # Each cluster once, and again where its first name could not stand: the ledger has every one of them.
        assert server.requests["name"] >= db.scalar("select count(*) from clusters")
        assert server.requests["name"] == db.scalar("select count(*) from ratings where purpose = 'name'")
        assert db.scalar("select sum(tokens_in) from ratings") == server.tokens_in
        assert db.scalar("select sum(tokens_out) from ratings") == server.tokens_out
        assert db.rows("select distinct model from rated_texts") == [{"model": MODEL}]
        asked = sum(server.requests.values())
        # A home remembers its model and address as well as its sources.
        again = featdisc("run", home=home.path)
        assert again.returncode == 0, again.stderr
        assert sum(server.requests.values()) == asked


@pytest.mark.slow
def test_failures_are_counted_and_the_rest_goes_on(source: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with Loopback(plan=lambda number, prompt: "refusal" if number == 0 else None) as server:
        done = featdisc("run", "--source", str(source), "--model", MODEL, "--api-base", server.url, home=home.path)
        assert done.returncode == 0, done.stderr
    db = Warehouse(home.warehouse)
    assert db.rows("select status, n_pieces from failures") == [{"status": "refused", "n_pieces": 1}]
    kind = db.scalar("select kind from failures")
    rated = db.scalar("select any_value(n_rated_transcripts) from cluster_prevalence where kind = $1", [kind])
    assert rated == db.scalar("select count(*) from pieces where kind = $1", [kind]) - 1


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("openai/gpt-5-mini", "needs OPENAI_API_KEY in the environment"),
        ("anthropic/claude-sonnet-4-5", "needs ANTHROPIC_API_KEY in the environment"),
        ("gemini/gemini-2.5-flash", "GEMINI_API_KEY"),
        ("nonsense", "knows no provider for the model 'nonsense'"),
    ],
)
def test_a_missing_key_is_one_sentence_before_anything_starts(model: str, says: str, tmp_path: Path) -> None:
    keyless = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"), "")
    done = featdisc("run", "--sample", "--model", model, home=tmp_path / "home", **keyless)
    assert done.returncode == 1
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
def test_a_key_that_is_refused_stops_the_run_at_once(source: Path, tmp_path: Path) -> None:
    with Loopback(plan=lambda number, prompt: "auth") as server:
        done = featdisc(
            "run", "--source", str(source), "--model", MODEL, "--api-base", server.url, home=tmp_path / "home"
        )
        assert done.returncode == 1
        assert sum(server.requests.values()) < 60
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("featdisc: ")
    assert "Traceback" not in done.stderr
