"""Requests of the assets, their models and their cost: counted on a loopback server."""

import json
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from featdisc_assets.asking import model_calls, rating_rows
from featdisc_assets.asking.budget import own_price
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.asking.rating_requests import FEWEST_PIECE_TOKENS, requests
from featdisc_assets.commands import run as running
from featdisc_assets.commands.summary import failures, spending
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.batch.ask import ask_in_batches
from featdisc_assets.llm.batch.batch_run import BatchRun
from featdisc_assets.llm.faults import PASSING, MachineFault, ModelError
from featdisc_assets.llm.prompts import HOME as PROMPTS
from tests.homes import TO_FEATURES, TO_NAMES, first_chats, materialise, warehouse
from tests.loopback.server import MODEL, Loopback, in_turn

# Dollars per million tokens: a run of some chats costs some dollars.
PRICES = {"price_in": 100.0, "price_out": 1_000.0}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return first_chats(tmp_path, 8)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(keep=True) as server:
        yield server


def settings(source: Path, server: Loopback, **plan: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401
    """Settings that read the source and ask the server."""
    return {
        "transcripts": {"source": [str(source)]},
        "rating_plan": {"model": MODEL, "api_base": server.url, **plan},
    }


def edited_prompt(folder: Path, name: str) -> str:
    """A folder with one prompt: the built-in one with a sentence added."""
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_text("Be brief.\n" + (PROMPTS / name).read_text(encoding="utf-8"), encoding="utf-8")
    return str(folder)


# Requests after a prompt changes


@pytest.mark.slow
def test_a_changed_naming_prompt_rates_nothing(home: Home, source: Path, server: Loopback, tmp_path: Path) -> None:
    given = settings(source, server)
    materialise(home, TO_NAMES, **given)
    rated, named = server.requests["rate"], server.requests["name"]
    assert named >= warehouse(home).scalar("select count(*) from clusters") > 0
    folder = edited_prompt(tmp_path / "prompts", "name/cluster.md")
    materialise(home, TO_NAMES, **given, cluster_names={"prompts_folder": folder})
    # Retries have a prompt of their own.
    assert server.requests["rate"] == rated
    assert server.requests["name"] >= named + warehouse(home).scalar("select count(*) from clusters")
    asked = server.total
    materialise(home, TO_NAMES, **given)
    assert server.total == asked


def test_a_changed_thought_prompt_rates_thoughts_alone(
    home: Home, source: Path, server: Loopback, tmp_path: Path
) -> None:
    materialise(home, TO_FEATURES, **settings(source, server))
    asked = server.requests["rate"]
    thoughts = warehouse(home).scalar("select count(distinct text_hash) from pieces where kind = 'thought'")
    before = warehouse(home).rows("from features order by all")
    folder = edited_prompt(tmp_path / "prompts", "rate/thought.md")
    materialise(home, TO_FEATURES, **settings(source, server, prompts_folder=folder))
    assert server.requests["rate"] == asked + thoughts
    fresh = [body["messages"][0]["content"] for body in server.bodies[asked:]]
    assert all("Be brief." in prompt for prompt in fresh)
    # Going back asks nothing: the answers are stored.
    materialise(home, TO_FEATURES, **settings(source, server))
    assert server.requests["rate"] == asked + thoughts
    assert warehouse(home).rows("from features order by all") == before


@pytest.mark.slow
def test_the_warehouse_can_be_built_again_for_nothing(home: Home, source: Path, server: Loopback) -> None:
    materialise(home, TO_FEATURES, **settings(source, server))
    asked, features = server.total, warehouse(home).rows("from features order by all")
    home.warehouse.unlink()
    materialise(home, TO_FEATURES, **settings(source, server))
    assert server.total == asked
    assert warehouse(home).rows("from features order by all") == features


# Money


def test_a_budget_without_a_price_is_refused_before_anything_starts(home: Home, source: Path, server: Loopback) -> None:
    given = settings(source, server, budget_usd=5.0)
    with pytest.raises(ModelError, match=r"set rating_plan\.price_in and rating_plan\.price_out"):
        running.run(home, given)
    assert not home.path.exists()
    with pytest.raises(ModelError, match=r"budget_usd is 5 and the price of 'openai/loopback' is unknown"):
        materialise(home, TO_FEATURES, **given)
    assert server.total == 0


def test_another_model_for_naming_needs_its_own_price(home: Home, source: Path, server: Loopback) -> None:
    given = settings(source, server, budget_usd=5.0, **PRICES)
    given["cluster_names"] = {"model": "openai/another", "api_base": server.url}
    with pytest.raises(ModelError, match=r"price of 'openai/another' is unknown: set cluster_names\.price_in"):
        running.run(home, given)
    assert server.total == 0


@pytest.mark.slow
def test_the_asset_itself_refuses_too(home: Home, source: Path, server: Loopback) -> None:
    given = settings(source, server, budget_usd=1_000.0, **PRICES)
    given["cluster_names"] = {"model": "openai/another", "api_base": server.url}
    with pytest.raises(ModelError, match=r"cluster_names\.price_in"):
        materialise(home, TO_NAMES, **given)
    assert server.requests["name"] == 0


@pytest.mark.parametrize("prices", [(1.0, None), (None, 1.0)])
def test_half_a_price_is_no_price(prices: tuple[float | None, float | None]) -> None:
    with pytest.raises(FeatdiscError, match="give both, in dollars per million tokens, or neither"):
        own_price(*prices)


def billed(server: Loopback) -> float:
    return (server.tokens_in * PRICES["price_in"] + server.tokens_out * PRICES["price_out"]) / 1e6


@pytest.mark.slow
def test_a_budget_is_the_homes_over_all_runs(home: Home, source: Path, server: Loopback) -> None:
    # An answer of at most 300 tokens is bounded at some 60 cents: the budget stops it after a few.
    given = settings(source, server, max_tokens=300, budget_usd=2.0, **PRICES)
    given["features"] = {"max_concurrency": 2}
    for _ in range(2):
        with pytest.raises(MachineFault, match="budget_usd"):
            materialise(home, TO_FEATURES, **given)
        assert 0 < billed(server) <= 2.0
    db = warehouse(home)
    # A failed run records what it paid.
    assert db.scalar("select sum(cost_usd) from ratings") == pytest.approx(billed(server))
    plan = db.rows("from rating_plan")[0]
    assert plan["budget_usd"] == 2.0
    assert plan["spent_usd"] == pytest.approx(billed(server), abs=0.7)
    # A home keeps its budget and its price, as it does its model.
    given["rating_plan"] = {"max_tokens": 300}
    with pytest.raises(MachineFault, match="budget_usd"):
        materialise(home, TO_FEATURES, **given)
    given["rating_plan"] = {"max_tokens": 300, "budget_usd": float("inf")}
    materialise(home, TO_FEATURES, **given)
    assert db.rows("select distinct budget_usd, price_in from rating_plan") == [{"budget_usd": None, "price_in": 100.0}]
    assert db.scalar("select count(*) from coverage where status = 'pending'") == 0
    assert db.scalar("select sum(cost_usd) from ratings") == pytest.approx(billed(server))


@pytest.mark.slow
def test_answers_from_before_the_price_was_known_count(
    home: Home, source: Path, server: Loopback, tmp_path: Path
) -> None:
    materialise(home, TO_FEATURES, **settings(source, server))
    db, asked = warehouse(home), server.total
    assert db.scalar("select count(*) from ratings where cost_usd is not null") == 0
    folder = edited_prompt(tmp_path / "prompts", "rate/user.md")
    with pytest.raises(MachineFault, match=rf"of which \${billed(server):,.2f} is spent"):
        materialise(home, TO_FEATURES, **settings(source, server, budget_usd=1.0, prompts_folder=folder, **PRICES))
    assert server.total == asked
    assert db.scalar("select any_value(spent_usd) from rating_plan") == pytest.approx(billed(server))


def test_the_plan_estimates_pending_requests(home: Home, source: Path, server: Loopback) -> None:
    to_plan = TO_FEATURES[:-1]
    materialise(home, to_plan, **settings(source, server, **PRICES))
    db = warehouse(home)
    first = db.rows("from rating_plan order by kind")
    assert server.total == 0
    for row in first:
        price = (row["pending_tokens_in"] * PRICES["price_in"] + row["pending_tokens_out"] * PRICES["price_out"]) / 1e6
        assert row["pending_usd"] == pytest.approx(price)
        assert row["n_pending"] == row["n_texts"]
        assert row["pending_hours"] is None
    materialise(home, to_plan, **settings(source, server, mode="batch", **PRICES))
    for live, batch in zip(first, db.rows("from rating_plan order by kind"), strict=True):
        assert batch["pending_usd"] == pytest.approx(live["pending_usd"] / 2)
        assert batch["mode"] == "batch"


@pytest.mark.slow
def test_batches_answer_in_advance_at_half_the_price(
    home: Home, source: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_calls, "ask_in_batches", partial(ask_in_batches, poll_s=0.02))
    given = settings(source, server, mode="batch", budget_usd=1_000.0, **PRICES)
    materialise(home, TO_FEATURES, **given)
    db = warehouse(home)
    texts = db.scalar("select count(*) from rated_texts")
    assert server.requests["rate"] == 0
    assert db.scalar("select count(*) from coverage where status not in ('ok', 'too_few')") == 0
    assert db.scalar("select count(*) from ratings") == texts
    assert db.scalar("select sum(cost_usd) from ratings") == pytest.approx(billed(server) / 2)
    # Answers from batches count in live mode.
    materialise(home, TO_FEATURES, **settings(source, server))
    assert server.total == 0


def test_requests_in_unfinished_batches_are_refused_live(
    home: Home, source: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(BatchRun, "_fetch", cut_off)
        patched.setattr(model_calls, "ask_in_batches", partial(ask_in_batches, poll_s=0.02))
        with pytest.raises(RuntimeError, match="cut off"):
            materialise(home, TO_FEATURES, **settings(source, server, mode="batch", **PRICES))
    with pytest.raises(FeatdiscError, match="texts are in unfinished batches and would be paid twice"):
        materialise(home, TO_FEATURES, **settings(source, server, **PRICES))
    assert server.total == 0


def test_the_summary_has_costs_and_failures(home: Home, source: Path) -> None:
    with Loopback(plan=in_turn("refusal", "server_error")) as server:
        materialise(home, TO_FEATURES, **settings(source, server, **PRICES), features={"max_attempts": 1})
        db = warehouse(home)
        start = db.scalar("select min(created_at) from ratings")
        run, whole = spending(db, start)
        attempts = db.scalar("select count(*) from ratings")
        assert run.startswith(f"this run    {attempts} attempts, ")
        assert whole.endswith(f"${billed(server):,.2f}")
        end = db.scalar("select max(created_at) + interval 1 second from ratings")
        assert spending(db, end)[0] == "this run    no requests, no cost"
        lines = failures(db)
    assert len(lines) == 2
    assert "refused: another model may answer" in "\n".join(lines)
    assert "server_error: run again: only temporary failures are retried" in "\n".join(lines)


# Failures


def test_permanent_failures_are_retried_only_on_demand(home: Home, source: Path) -> None:
    with Loopback(plan=in_turn("refusal", "content_filter", "refusal")) as server:
        given = settings(source, server)
        materialise(home, TO_FEATURES, **given)
        db, asked = warehouse(home), server.total
        assert db.scalar("select count(*) from failures where not is_asked_again and n_attempts = 1") == 3
        materialise(home, TO_FEATURES, **given)
        assert server.total == asked
        materialise(home, TO_FEATURES, **given, features={"retry_failed": True})
        assert server.total == asked + 3
        assert db.rows("from failures") == []


def test_temporary_failures_are_retried_by_every_run(home: Home, source: Path) -> None:
    with Loopback(plan=in_turn("server_error", "empty")) as server:
        given = settings(source, server)
        materialise(home, TO_FEATURES, **given, features={"max_attempts": 1})
        db, asked = warehouse(home), server.total
        assert db.scalar("select count(*) from failures where is_asked_again and n_attempts = 1") == 2
        materialise(home, TO_FEATURES, **given)
        assert server.total == asked + 2
        assert db.rows("from failures") == []


def test_the_view_lists_the_temporary_failures() -> None:
    assert ", ".join(f"'{status}'" for status in PASSING) in read_sql("marts/failures")


@pytest.mark.parametrize(("limit", "passed"), [(0.02, False), (0.5, True)])
def test_many_failures_warn_with_a_remedy(home: Home, source: Path, limit: float, passed: bool) -> None:
    with Loopback(plan=in_turn("refusal", "refusal", "content_filter")) as server:
        result = materialise(
            home,
            TO_FEATURES,
            **settings(source, server),
            features={"max_concurrency": 1},
            rated_texts_failed_share={"max_failed_share": limit},
        )
    [found] = [check for check in result.get_asset_check_evaluations() if check.check_name == "failed_share"]
    assert found.passed == passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert found.metadata["failed share of user pieces"].value == pytest.approx(3 / 8)
    assert found.metadata["failed share of response pieces"].value == 0
    if not passed:
        assert found.description == (
            "37.5% of 8 user pieces failed, above 2.0%; 2 of 3 are refused: another model may answer; retry_failed"
            " asks this one again"
        )


# Long pieces


def long_chats(path: Path) -> Path:
    """Two chats, one of them with a request of some 3,000 tokens."""
    words = " ".join(f"word{number}" for number in range(1_800))
    rows = [
        {"id": "long", "messages": [{"role": "user", "content": words}, {"role": "assistant", "content": "Fine."}]},
        {"id": "short", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_long_piece_is_shown_by_head_and_tail_and_counted(home: Home, server: Loopback, tmp_path: Path) -> None:
    source = long_chats(tmp_path / "long.jsonl")
    materialise(home, TO_FEATURES, **settings(source, server, max_piece_tokens=FEWEST_PIECE_TOKENS))
    db = warehouse(home)
    assert db.rows("select kind, n_shortened from coverage where n_shortened > 0") == [
        {"kind": "user", "n_shortened": 1}
    ]
    left_out = db.scalar("select max(chars_left_out) from rated_texts")
    assert left_out == db.scalar("select max(chars_left_out) from rated_pieces") > 5_000
    [prompt] = [text for body in server.bodies if "left out" in (text := body["messages"][0]["content"])]
    assert f"{left_out:,} characters left out" in prompt
    assert "word0 " in prompt
    assert "word1799" in prompt
    assert "word900 " not in prompt
    plan = db.rows("from rating_plan where kind = 'user'")[0]
    assert (plan["n_shortened"], plan["n_chars_left_out"]) == (1, left_out)


def test_a_piece_too_long_for_its_model_is_halved(home: Home, tmp_path: Path) -> None:
    source = long_chats(tmp_path / "long.jsonl")
    with Loopback(plan=lambda number, prompt: "context_length" if len(prompt) > 12_000 else None) as server:
        given = settings(source, server)
        materialise(home, TO_FEATURES, **given)
        db = warehouse(home)
        assert server.faults["context_length"] == 1
        assert db.rows("from failures") == []
        assert db.rows("select kind from rated_texts where chars_left_out > 0") == [{"kind": "user"}]
        asked = server.total
        materialise(home, TO_FEATURES, **given)
        assert server.total == asked
    plan = db.rows("from rating_plan where kind = 'user'")[0]
    assert (plan["n_pending"], plan["n_shortened"]) == (0, 1)
    assert plan["n_chars_left_out"] == db.scalar("select sum(chars_left_out) from rated_texts")


@pytest.mark.slow
def test_halving_ends(home: Home, tmp_path: Path) -> None:
    source = long_chats(tmp_path / "long.jsonl")
    with Loopback(plan=lambda number, prompt: "context_length" if "word0 " in prompt else None) as server:
        materialise(home, TO_FEATURES, **settings(source, server))
        db = warehouse(home)
        assert db.rows("select status, n_pieces from failures") == [{"status": "context_length", "n_pieces": 1}]
        # Whole, a half and a quarter; an eighth would be too short.
        assert server.faults["context_length"] == 3
        asked = server.total
        materialise(home, TO_FEATURES, **settings(source, server))
        assert server.total == asked


@pytest.mark.parametrize(
    ("model", "limit"), [("openai/gpt-4", 2_500), ("openai/gpt-4o", 32_000), ("openai/unheard-of", 32_000)]
)
def test_the_models_context_bounds_a_piece(model: str, limit: int, home: Home, source: Path) -> None:
    plan = {"model": model, "max_tokens": 4_096}
    materialise(home, TO_FEATURES[:-1], transcripts={"source": [str(source)]}, rating_plan=plan)
    found = {plan.max_piece_tokens for plan in read_plans(warehouse(home))}
    assert all(each == limit or limit < each < 4_000 for each in found if each is not None)


def test_a_limit_does_not_change_requests_for_texts_below_it(home: Home, source: Path, server: Loopback) -> None:
    """A new limit causes no requests for texts below it."""
    materialise(home, TO_FEATURES[:-1], **settings(source, server))
    db = warehouse(home)
    [plan, *_] = read_plans(db)
    db.run("update rating_plan set max_piece_tokens = null, mode = null")  # as an earlier version left it
    [earlier, *_] = read_plans(db)
    assert earlier.max_piece_tokens is None
    assert [one.key for one in requests(db, plan, salt="s")] == [one.key for one in requests(db, earlier, salt="s")]


# While it runs


def test_the_ledger_is_written_during_a_run(
    home: Home, source: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    materialise(home, TO_FEATURES[:-1], **settings(source, server))
    monkeypatch.setattr(model_calls, "SECONDS_A_WRITE", 0.0)
    db = warehouse(home)
    [plan, *_] = read_plans(db)
    context = cast("dg.AssetExecutionContext", SimpleNamespace(log=logging.getLogger(), log_event=lambda event: None))
    with AnswerStore(home.answers) as store:
        outcomes = model_calls.ask_model(
            context,
            db,
            store,
            requests(db, plan, salt=home.salt()),
            model_calls.AskingConfig(max_concurrency=1),
            asset="rated_texts",
            what="pieces",
            total=8,
        )
        seen = []
        for outcome in outcomes:
            assert outcome.answered
            seen.append(db.scalar("select count(*) from ratings"))
    # A row is written by the time the next outcome is taken.
    assert seen[0] < seen[-1]
    assert seen == sorted(seen)
    assert db.scalar("select count(*) from ratings where status in ('ok', 'too_few')") == 8


def test_a_failed_run_leaves_its_ledger(home: Home, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rating_rows, "TEXTS_A_WRITE", 1)
    with Loopback(plan=lambda number, prompt: "quota" if number >= 5 else None) as server:
        with pytest.raises(MachineFault, match="no credit left"):
            materialise(home, TO_FEATURES, **settings(source, server), features={"max_concurrency": 1})
        db = warehouse(home)
        assert db.scalar("select count(*) from ratings") == server.total
        assert db.scalar("select sum(tokens_out) from ratings") == server.tokens_out


def test_an_assets_page_shows_how_far_it_is(home: Home, source: Path, server: Loopback) -> None:
    result = materialise(home, TO_FEATURES, **settings(source, server, **PRICES))
    found = [entry.asset_observation_data.asset_observation for entry in _observations(result)]
    assert [seen.metadata["asked about"].value for seen in found] == [
        "user pieces",
        "thought pieces",
        "response pieces",
    ]
    assert sum(seen.metadata["done"].value for seen in found) == server.total
    assert sum(seen.metadata["dollars"].value for seen in found) == pytest.approx(billed(server), abs=1e-4)
    assert {seen.asset_key.to_user_string() for seen in found} == {"rated_texts"}
    # A run without requests adds no observations.
    assert list(_observations(materialise(home, TO_FEATURES, **settings(source, server, **PRICES)))) == []


def _observations(result: dg.ExecuteInProcessResult) -> Iterator[Any]:
    return (event for event in result.all_events if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION)


def test_limits_reach_the_gate(home: Home, source: Path, server: Loopback) -> None:
    given = settings(source, server)
    materialise(home, TO_FEATURES, **given, features={"max_concurrency": 1, "requests_per_minute": 60_000})
    assert server.most_in_flight == 1
