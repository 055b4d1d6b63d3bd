"""Pieces to features: what rating would ask and cost, then the asking."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.assets.asking import AskingConfig, answers, write_ledger
from featdisc_assets.assets.planning import Plan, count, make_plan, read_plans, requests, write_plans
from featdisc_assets.assets.showing import table_metadata
from featdisc_assets.llm.answers import clean_features
from featdisc_assets.llm.request import Outcome
from featdisc_assets.llm.store import AnswerStore
from featdisc_assets.places import read_sql
from featdisc_assets.resources import HomeResource, WarehouseResource
from featdisc_assets.transcript import KINDS
from featdisc_assets.warehouse import Warehouse, insert

TEXTS_A_WRITE = 2_000
SECONDS_A_WRITE = 20.0


class PlanConfig(dg.Config):
    """What will be asked of whom."""

    model: str = Field(
        default="",
        description="Any litellm model, such as openai/gpt-5-mini, anthropic/claude-sonnet-4-5 or ollama_chat/llama3.1;"
        " its key stands in the environment. Empty keeps the one this home used last, at first surface/v1 (rules).",
    )
    api_base: str = Field(default="", description="Address of your own server that speaks the provider's protocol.")
    prompts_folder: str = Field(
        default="",
        description="A folder of your own prompts, laid out like featdisc_assets/prompts; missing files fall back.",
    )
    min_features: int = Field(default=10, ge=1, le=40, description="Features asked for, at least; fewer are accepted.")
    max_features: int = Field(default=20, ge=1, le=40, description="Features kept of a piece, at most.")
    max_tokens: int = Field(
        default=4096, ge=64, description="Limit of an answer in tokens, a thinking model's thoughts included."
    )
    temperature: float | None = Field(
        default=None, description="None leaves it to the provider; some models refuse any."
    )


@dg.asset(group_name="features", kinds={"duckdb"}, deps=["pieces"])
def rating_plan(
    context: dg.AssetExecutionContext, config: PlanConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per kind: what rating would ask, in tokens and dollars. Look here before you spend."""
    db = warehouse.open()
    last = next(iter(read_plans(db)), None)
    plans = [
        make_plan(
            kind,
            model=config.model or (last.model if last else "surface/v1"),
            api_base=config.api_base or (last.api_base if last and not config.model else None),
            folder=Path(config.prompts_folder).expanduser() if config.prompts_folder else None,
            n_features=(config.min_features, config.max_features),
            max_tokens=config.max_tokens,
            temperature=config.temperature,
        )
        for kind in KINDS
    ]
    with AnswerStore(home.home.answers) as store:
        counted = [count(db, store, plan, salt=home.home.salt()) for plan in plans]
    write_plans(db, plans, counted)
    for plan, row in zip(plans, counted, strict=True):
        price = "price unknown" if row.pending_usd is None else f"${row.pending_usd:,.2f}"
        context.log.info(
            f"{plan.kind}: {row.n_pending:,} of {row.n_texts:,} distinct texts to ask {plan.model}, {price}"
        )
    return dg.MaterializeResult(metadata=table_metadata(db, "rating_plan", preview="from rating_plan"))


class RatingConfig(AskingConfig):
    """How the plan is carried out."""


@dg.multi_asset(
    name="features",
    group_name="features",
    specs=[
        dg.AssetSpec("rated_texts", deps=["rating_plan", "pieces"], kinds={"duckdb", "llm"},
                     description="One row per kind and distinct piece text: how its rating ended."),
        dg.AssetSpec("text_features", deps=["rating_plan", "pieces"], kinds={"duckdb", "llm"},
                     description="One row per distinct piece text and feature the autorater wrote of it."),
        dg.AssetSpec("vocabulary", deps=["rating_plan", "pieces"], kinds={"duckdb"},
                     description="One row per kind and distinct feature text, with how many pieces have it."),
        dg.AssetSpec("features", deps=["rating_plan", "pieces"], kinds={"duckdb", "llm"},
                     description="One row per piece and feature."),
        dg.AssetSpec("ratings", deps=["rating_plan", "pieces"], kinds={"duckdb"},
                     description="The ledger: one row per attempt at asking a model anything, with tokens and cost."),
    ],
)  # fmt: skip
def features(
    context: dg.AssetExecutionContext, config: RatingConfig, warehouse: WarehouseResource, home: HomeResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Carry out the rating plan: ask for what is not known, count every failure, build the tables of features."""
    db = warehouse.open()
    try:
        with AnswerStore(home.home.answers) as store:
            for plan in read_plans(db):
                total = db.scalar("select count(distinct text_hash) from pieces where kind = $1", [plan.kind])
                asked = requests(db, plan, salt=home.home.salt())
                _flush_all(db, plan, answers(context, store, asked, config, what=f"{plan.kind} pieces", total=total))
    finally:
        # Cancelled or broken off, the ledger still tells what was paid.
        write_ledger(db, home.home)
    db.refill({name: read_sql(f"tables/{name}") for name in ("vocabulary", "features")})
    failed = db.scalar("select count(*) from failures")
    context.log.info(f"{db.scalar('select count(*) from vocabulary'):,} distinct features, {failed:,} texts failed")
    previews = {
        "rated_texts": "from coverage order by kind, status",
        "vocabulary": "select kind, text, n_pieces, n_transcripts from vocabulary"
        " order by n_transcripts desc, text limit 15",
        "ratings": "select purpose, model, day, n_attempts, tokens_in, tokens_out, cost_usd from spend order by all",
    }
    for name in ("rated_texts", "text_features", "vocabulary", "features", "ratings"):
        yield dg.MaterializeResult(asset_key=name, metadata=table_metadata(db, name, preview=previews.get(name)))


def _flush_all(db: Warehouse, plan: Plan, outcomes: Iterable[Outcome]) -> None:
    """Write outcomes as they come, some thousand at a time: what is flushed can be queried while the rest is asked."""
    waiting: list[Outcome] = []
    written = time.monotonic()
    for outcome in outcomes:
        waiting.append(outcome)
        if len(waiting) >= TEXTS_A_WRITE or time.monotonic() - written > SECONDS_A_WRITE:
            _flush(db, plan, waiting)
            waiting, written = [], time.monotonic()
    _flush(db, plan, waiting)
    with db.transaction() as connection:
        for table in ("rated_texts", "text_features"):
            connection.execute(
                f"delete from {table} where kind = $1"
                " and text_hash not in (select text_hash from pieces where kind = $1)",
                [plan.kind],
            )


def _flush(db: Warehouse, plan: Plan, outcomes: list[Outcome]) -> None:
    if not outcomes:
        return
    lists = [clean_features(o.value.features, at_most=plan.max_features) if o.answered else [] for o in outcomes]
    hashes = [outcome.request.subject_id for outcome in outcomes]
    n = len(outcomes)
    rated = pa.table(
        {
            "kind": pa.array([plan.kind] * n),
            "text_hash": hashes,
            "request_key": [outcome.request.key for outcome in outcomes],
            "model": [plan.model] * n,
            "prompt_version": [plan.prompt.version] * n,
            "status": [outcome.status for outcome in outcomes],
            "error": pa.array([outcome.error for outcome in outcomes], pa.string()),
            "n_features": pa.array([len(texts) for texts in lists], pa.int32()),
        }
    )
    written = pa.table(
        {
            "kind": pa.array([plan.kind] * sum(map(len, lists)), pa.string()),
            "text_hash": pa.array([h for h, texts in zip(hashes, lists, strict=True) for _ in texts], pa.string()),
            "position": pa.array([i for texts in lists for i in range(len(texts))], pa.int32()),
            "text": pa.array([text for texts in lists for text in texts], pa.string()),
        }
    )
    with db.transaction() as connection:
        connection.register("done", rated.select(["text_hash"]))
        for table, rows in {"rated_texts": rated, "text_features": written}.items():
            connection.execute(
                f"delete from {table} where kind = $1 and text_hash in (from done)",
                [plan.kind],
            )
            insert(connection, table, rows)
        connection.unregister("done")
