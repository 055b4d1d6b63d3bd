"""The asset `embeddings` with a model behind a server: tables, costs, and kills."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from featdisc_assets.asking.progress_log import short_count
from featdisc_assets.assets.embedding import still_to_pay
from featdisc_assets.commands.search import search
from featdisc_assets.encoders.current import current
from featdisc_assets.encoders.remote import own_price
from featdisc_assets.encoders.server import Server
from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.faults import MachineFault, ModelError
from featdisc_assets.llm.tokens import count_tokens
from tests.conftest import featdisc
from tests.homes import TO_FEATURES, first_chats, materialise, warehouse
from tests.loopback.embeddings import WIDTH
from tests.loopback.server import Loopback

ENCODER = "litellm/openai/loopback-embedder"
CONCURRENCY = 2


def rated(folder: Path, **plan: Any) -> Home:  # noqa: ANN401
    """A home with features and no vectors."""
    home = Home(folder / "home")
    materialise(home, TO_FEATURES, transcripts={"source": [str(first_chats(folder, 12))]}, rating_plan=plan)
    return home


def n_texts(home: Home) -> int:
    return int(warehouse(home).scalar("select count(distinct text) from vocabulary"))


def test_a_refused_text_is_counted_shown_and_alone(tmp_path: Path) -> None:
    home = rated(tmp_path)
    db = warehouse(home)
    text = db.scalar("select text from vocabulary order by text limit 1")
    with Loopback() as server:
        server.embeddings.of_text = lambda given: "prompt_filter" if given == text else None
        settings = {"encoder": ENCODER, "api_base": server.url, "price_in": 1.0}
        done = materialise(home, ["embeddings", "clusters"], embeddings=settings)
        [event] = done.asset_materializations_for_node("embeddings")
        assert event.metadata["without a vector"].value == 1
        offenders = db.rows(read_sql("checks/every_feature_is_embedded"))
        assert {(row["text"], row["status"]) for row in offenders} == {(text, "content_filter")}
        [check] = [c for c in done.get_asset_check_evaluations() if c.check_name == "every_feature_is_embedded"]
        assert not check.passed
        assert db.rows("from encoders") == [
            {"encoder": ENCODER, "dimension": WIDTH, "is_current": True, "api_base": server.url, "price_in": 1.0}
        ]
        [spent] = db.rows("from spend where purpose = 'embedding'")
        assert spent["asset"] == "embeddings"
        # The check of synonyms asked too, and is in the next ledger.
        with AnswerStore(home.answers) as store:
            assert store.spent_usd() == pytest.approx(server.embeddings.tokens * 1e-6)

        # A second run asks for nothing.
        before = server.embeddings.requests
        materialise(home, ["embeddings", "clusters"], embeddings=settings)
        assert server.embeddings.requests == before
        assert db.scalar("select sum(tokens_in) from ratings where purpose = 'embedding'") == server.embeddings.tokens

        assert search(db, "asks about something", limit=3)
        with pytest.raises(Exception, match="refuses to embed"):
            search(db, text, limit=3)
        # Another width is another encoder, and the column follows.
        materialise(home, ["embeddings"], embeddings=settings | {"dimensions": 20})
        assert [row["dimension"] for row in db.rows("from encoders")] == [20]
        encoder = current(db)
        assert encoder is not None
        assert encoder.identity == f"{ENCODER} dimensions=20"
        assert encoder.encode(["A label"]).shape == (1, 20)


def test_a_budget_holds_for_vectors_too(tmp_path: Path) -> None:
    home = rated(tmp_path, budget_usd=0.0001)
    with Loopback() as server:
        settings = {"encoder": ENCODER, "api_base": server.url}
        with pytest.raises(ModelError, match=r"embeddings\.price_in"):
            materialise(home, ["embeddings"], embeddings=settings)
        with pytest.raises(MachineFault, match="raise budget_usd"):
            materialise(home, ["embeddings"], embeddings=settings | {"price_in": 1.0, "texts_a_request": 1})
    spent = warehouse(home).scalar("select sum(cost_usd) from ratings")
    assert 0 < spent <= 0.0001
    assert spent == pytest.approx(server.embeddings.tokens * 1e-6)


def test_the_plan_has_the_cost_of_vectors(tmp_path: Path) -> None:
    home = rated(tmp_path)
    texts = [row["text"] for row in warehouse(home).rows("select distinct text from vocabulary")]
    with Loopback() as server:
        asked = Server("openai/loopback-embedder", api_base=server.url, price=own_price(1e6))
        tokens, dollars = still_to_pay(warehouse(home), asked, answer_tokens=1_000)
        assert tokens == sum(map(count_tokens, texts)) + 1_000
        # One dollar per token.
        assert dollars == tokens

        settings = {"encoder": ENCODER, "api_base": server.url, "price_in": 1.0}
        home.settings.write_text(yaml.safe_dump({"embeddings": settings}), encoding="utf-8")
        plan = featdisc("plan", "--home", str(home.path))
        assert f"vectors     about {short_count(tokens - 1_000)} tokens to {ENCODER}, $0.0" in plan.stdout

        materialise(home, ["embeddings"], embeddings=settings)
        assert still_to_pay(warehouse(home), asked, answer_tokens=0) == (0, 0.0)
        unpriced = Server("openai/another-embedder")
        assert still_to_pay(warehouse(home), unpriced, answer_tokens=0) == (tokens - 1_000, None)


def test_settings_for_servers_are_refused_for_a_local_model(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="a local model without dimensions and api_base"):
        materialise(rated(tmp_path), ["embeddings"], embeddings={"dimensions": 12})


@pytest.mark.slow
def test_after_a_kill_a_run_requests_only_missing_vectors(tmp_path: Path) -> None:
    home, source = Home(tmp_path / "home"), first_chats(tmp_path, 16)
    config = tmp_path / "config.yaml"
    with Loopback() as server:
        config.write_text(
            f"embeddings: {{encoder: {ENCODER}, api_base: '{server.url}', price_in: 1.0,"
            f" texts_a_request: 8, max_concurrency: {CONCURRENCY}}}\n",
            encoding="utf-8",
        )
        given = ["run", "--source", str(source), "--config", str(config)]
        server.embeddings.latency_s = 0.1
        command = [sys.executable, "-m", "featdisc_assets.commands.cli", *given, "--home", str(home.path)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            while server.embeddings.requests < 12 and run.poll() is None:
                time.sleep(0.005)
            run.send_signal(signal.SIGKILL)
            run.wait()
        assert 0 < len(server.embeddings.billed) < n_texts(home)
        killed = set(server.embeddings.billed)
        server.embeddings.latency_s = 0.0
        asked = len(server.embeddings.bodies)
        done = featdisc(*given, home=home.path)
        assert done.returncode == 0, done.stderr

        features = {row["text"] for row in warehouse(home).rows("select distinct text from vocabulary")}
        [*first] = [set(body["input"]) for body in server.embeddings.bodies[asked:]]
        # Of the first run's texts, only those in flight are requested again, before the labels.
        missing = features - killed
        n_features = next(i for i in range(len(first)) if missing <= set().union(*first[: i + 1])) + 1
        assert len(set().union(*first[:n_features]) & killed) <= CONCURRENCY * 8
        assert warehouse(home).rows(read_sql("checks/every_feature_is_embedded")) == []
        assert home.report.exists()
        found = featdisc("search", "asks for code", "--limit", "3", home=home.path)
        assert found.returncode == 0, found.stderr
