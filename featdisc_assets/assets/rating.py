"""Pieces to features: a plan with the cost of rating, then the ratings."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import dagster as dg
from pydantic import Field

from featdisc_assets.asking.budget import check_price, own_price, spent_so_far
from featdisc_assets.asking.model_calls import AskingConfig
from featdisc_assets.asking.plans import Mode, Plan, check_prompts, prompts_folder, read_plans, write_plans
from featdisc_assets.asking.rating_requests import FEWEST_PIECE_TOKENS, count, piece_limit
from featdisc_assets.asking.rating_run import rate_texts
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.llm import answers as llm_answers
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.surface_model import SURFACE
from featdisc_assets.tables.given_features import has_given, load_given, nothing_pending
from featdisc_assets.transcript import ALL_KINDS, KINDS, Kind

# The plan's columns that decide features.
CONTRACT = (
    "kind", "model", "prompt_version", "min_features", "max_features", "max_tokens", "temperature", "max_piece_tokens",
)  # fmt: skip
# Figures that the UI plots over time.
PLANNED = ("n_texts", "n_answered", "n_failed", "n_pending", "pending_tokens_in", "pending_tokens_out", "pending_usd")


# Settings that a plan takes as they are.
_SHARED = ("max_tokens", "temperature", "max_piece_tokens", "mode", "evidence")


class PlanConfig(dg.Config):
    """Which model rates, how, and at what price."""

    prompts: ClassVar[tuple[str, ...]] = tuple(f"rate/{kind}" for kind in ALL_KINDS)

    without_effect: ClassVar[frozenset[str]] = frozenset({"api_base", "budget_usd", "price_in", "price_out", "mode"})

    model: str = Field(
        default="",
        description="Any litellm model, such as openai/gpt-5-mini, anthropic/claude-sonnet-4-5 or ollama_chat/llama3.1;"
        " put its key into the environment. Empty keeps the home's last model, at first surface/v1 (rules).",
    )
    api_base: str = Field(
        default="", description="Address of your own server with the provider's protocol. Empty uses the provider."
    )
    prompts_folder: str = Field(
        default="",
        description="Folder with your own prompts, laid out like featdisc_assets/prompts. Built-in prompts replace"
        " missing files.",
    )
    min_features: int = Field(
        default=10,
        ge=1,
        le=40,
        description="Minimum number of features to ask for per piece. Shorter answers are accepted.",
    )
    max_features: int = Field(default=20, ge=1, le=40, description="Maximum number of features to keep per piece.")
    max_tokens: int = Field(
        default=4096,
        ge=64,
        description="Token limit of an answer, including thinking. Raise it if answers are truncated.",
    )
    temperature: float | None = Field(
        default=None,
        description="Sampling temperature. None uses the provider's default; some models accept nothing else.",
    )
    budget_usd: float | None = Field(
        default=None,
        ge=0,
        description="Maximum dollars that this home may ever spend, over all runs and tasks. Requests stop before it is"
        " exceeded. None keeps the home's budget, at first none. Raise it to continue; .inf removes it.",
    )
    price_in: float | None = Field(
        default=None,
        ge=0,
        description="Dollars per million input tokens. Set it, with price_out, for a model whose price litellm does not"
        " know, or to 0 for your own server. None uses the last price for the same model, or litellm's.",
    )
    price_out: float | None = Field(
        default=None, ge=0, description="Dollars per million output tokens, including thinking. Set it with price_in."
    )
    max_piece_tokens: int = Field(
        default=32_000,
        ge=FEWEST_PIECE_TOKENS,
        description="Show longer pieces by head and tail, with a note for the middle; `coverage` counts them. Models"
        " with a smaller context see less. Lower it to save tokens.",
    )
    mode: Mode = Field(
        default=Mode.live,
        description="live sends requests concurrently. batch sends all texts to OpenAI's batch queue, at half the price"
        " and within a day, then sends unanswered ones live.",
    )
    evidence: bool = Field(
        default=False,
        description="Ask for a verbatim quote with each feature and look it up in the piece; see `evidence`. It uses"
        " another prompt, so all texts are rated again, with answers about three times as long.",
    )


@dg.asset(group_name="features", kinds={"duckdb"}, deps=["pieces"], code_version=code_version(PlanConfig))
def rating_plan(
    context: dg.AssetExecutionContext, config: PlanConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per kind: the number, tokens and dollars of pending rating requests. Check it before you spend."""
    db = warehouse.open()
    there = {row["kind"] for row in db.rows("select distinct kind from pieces")}
    kinds = [kind for kind in ALL_KINDS if kind in KINDS or kind in there]
    plans = plans_of(config, next(iter(read_plans(db)), None), home.home, kinds=kinds)
    with AnswerStore(home.home.answers) as store:
        given = has_given(db)
        counted = [
            nothing_pending(db, plan.kind) if given else count(db, store, plan, salt=home.home.salt()) for plan in plans
        ]
        spent = spent_so_far(db, store, {plans[0].model: plans[0].params.price})
    write_plans(db, plans, counted, spent_usd=spent)
    for plan, row in zip(plans, counted, strict=True):
        price = "price unknown" if row.pending_usd is None else f"${row.pending_usd:,.2f}"
        context.log.info(
            f"{plan.kind}: {row.n_pending:,} of {row.n_texts:,} distinct texts pending for {plan.model}, {price}"
        )
    if (budget := plans[0].budget_usd) is not None:
        wanted = sum(row.pending_usd or 0 for row in counted)
        enough = "" if wanted <= budget - spent else f", less than the pending requests cost (${wanted:,.2f})"
        context.log.info(f"${spent:,.2f} of the home's budget of ${budget:,.2f} spent{enough}")
    preview = """
        select kind, model, mode, n_texts, n_answered, n_failed, n_pending, pending_tokens_in, pending_tokens_out,
            pending_usd, pending_hours, spent_usd, budget_usd from rating_plan"""
    figures = {name: sum(getattr(row, name) or 0 for row in counted) for name in PLANNED}
    return materialized(
        context, db, "rating_plan", preview=preview, versioned=CONTRACT, figures=figures | {"spent_usd": spent}
    )


def plans_of(config: PlanConfig, last: Plan | None, home: Home, *, kinds: Sequence[Kind] = KINDS) -> list[Plan]:
    """A plan for each kind; empty settings come from the home's last plan.

    Raises:
        ModelError: If there is a budget and the model's price is unknown.
        PromptError: If a prompt file cannot be used.
    """
    model = config.model or (last.model if last else SURFACE)
    prices = (config.price_in, config.price_out)
    if last and last.model == model and prices == (None, None):
        prices = (last.price_in, last.price_out)
    budget = config.budget_usd if config.budget_usd is not None or last is None else last.budget_usd
    budget = None if budget == math.inf else budget
    check_price("rating_plan", model, own_price(*prices), budget)
    plans = [
        Plan(
            kind,
            model,
            api_base=config.api_base or (last.api_base if last and not config.model else None),
            folder=prompts_folder(config.prompts_folder, home),
            min_features=min(config.min_features, config.max_features),
            max_features=max(config.min_features, config.max_features),
            budget_usd=budget,
            price_in=prices[0],
            price_out=prices[1],
            **{name: getattr(config, name) for name in _SHARED},
        )
        for kind in kinds
    ]
    return [replace(plan, max_piece_tokens=piece_limit(plan, config.max_piece_tokens)) for plan in plans]


class RatingConfig(AskingConfig):
    """Limits of the rating requests."""


RATING_VERSION = code_version(llm_answers, read_sql("fill/vocabulary"), read_sql("fill/features"))


@dg.multi_asset(
    name="features",
    group_name="features",
    specs=[
        dg.AssetSpec(name, deps=["rating_plan", "pieces"], kinds=kinds, description=grain, code_version=RATING_VERSION)
        for name, kinds, grain in (
            ("rated_texts", {"duckdb", "llm"}, "One row per kind and distinct piece text: the status of its rating."),
            ("text_features", {"duckdb", "llm"}, "One row per distinct piece text and feature of it."),
            ("vocabulary", {"duckdb"}, "One row per kind and distinct feature text, with its number of pieces."),
            ("features", {"duckdb", "llm"}, "One row per piece and feature."),
            (
                "evidence",
                {"duckdb", "llm"},
                "One row per feature of a distinct text: its quote, looked up in the text. Empty unless"
                " rating_plan.evidence is set.",
            ),
            ("ratings", {"duckdb"}, "The ledger: one row per request attempt of any purpose, with tokens and cost."),
        )
    ],
)
def features(
    context: dg.AssetExecutionContext, config: RatingConfig, warehouse: WarehouseResource, home: HomeResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Carry out the rating plan: request missing ratings, record failures, and build the feature tables."""
    db = warehouse.open()
    plans = read_plans(db)
    check_prompts(db, plans)
    for plan in plans:
        check_price("rating_plan", plan.model, plan.params.price, plan.budget_usd)
    if has_given(db):
        load_given(db)
    else:
        rate_texts(context, config, db, home.home, plans)
    db.refill({name: read_sql(f"fill/{name}") for name in ("vocabulary", "features")})
    failed = db.scalar("select count(*) from failures")
    context.log.info(f"{db.scalar('select count(*) from vocabulary'):,} distinct features, {failed:,} texts failed")
    previews = {
        "rated_texts": "from coverage order by kind, status",
        "vocabulary": "select kind, text, n_pieces, n_transcripts from vocabulary"
        " order by n_transcripts desc, text limit 15",
        "evidence": "from evidence_summary order by kind",
        "ratings": "select purpose, model, day, n_attempts, tokens_in, tokens_out, cost_usd from spend order by all",
    }
    off = {} if plans[0].evidence else {"evidence": {"off": "no quotes were requested: set rating_plan.evidence"}}
    for name in ("rated_texts", "text_features", "vocabulary", "features", "evidence", "ratings"):
        yield materialized(
            context,
            db,
            name,
            preview=previews.get(name),
            versioned=("attempt_id",) if name == "ratings" else (),
            figures=db.rows(_FIGURES[name])[0] if name in _FIGURES else off.get(name),
        )


# Figures that the UI plots over time and the run log keeps.
_FIGURES = {
    "rated_texts": "select count(*) filter (where status not in ('ok', 'repaired', 'too_few')) as failed,"
    " coalesce(avg(n_features), 0) as features_per_text from rated_texts",
    "ratings": "select cast(coalesce(sum(tokens_in), 0) as bigint) as tokens_in,"
    " cast(coalesce(sum(tokens_out), 0) as bigint) as tokens_out, coalesce(sum(cost_usd), 0) as cost_usd from ratings",
}
