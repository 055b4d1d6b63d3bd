"""Clusters get a label, a sentence, and a score for how interesting they are."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.assets import nearby
from featdisc_assets.assets.asking import AskingConfig, answers
from featdisc_assets.assets.nearby import nearest_clusters
from featdisc_assets.assets.paying import check_price, open_budget, own_price
from featdisc_assets.assets.planning import Plan, prompt_files, read_plans
from featdisc_assets.assets.showing import materialized
from featdisc_assets.home_settings import settings_of
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answers import ClusterName, InterestScores
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.request import Outcome, Params, Request
from featdisc_assets.llm.store import AnswerStore
from featdisc_assets.places import read_sql
from featdisc_assets.resources import HomeResource, WarehouseResource
from featdisc_assets.stages import batching
from featdisc_assets.versions import code_version

NEIGHBOURS = 3
FEATURES_OF_A_NEIGHBOUR = 5


class OwnModelConfig(AskingConfig):
    """Whom to ask; what is left empty is as in the rating plan."""

    without_effect: ClassVar[frozenset[str]] = AskingConfig.without_effect | {"api_base", "price_in", "price_out"}

    model: str = Field(default="", description="Any litellm model; empty takes the rating plan's.")
    api_base: str = Field(default="", description="Address of your own server; empty takes the rating plan's.")
    prompts_folder: str = Field(default="", description="A folder of your own prompts; empty takes the rating plan's.")
    max_tokens: int = Field(default=2048, ge=64, description="Limit of an answer in tokens, thoughts included.")
    temperature: float | None = Field(default=None, description="None leaves it to the provider.")
    price_in: float | None = Field(
        default=None,
        ge=0,
        description="Dollars per million tokens sent, for a model of its own that litellm has no price of. None takes"
        " litellm's, and for the rating plan's model the plan's. Goes with price_out.",
    )
    price_out: float | None = Field(
        default=None, ge=0, description="Dollars per million tokens received, thoughts included. Goes with price_in."
    )
    seed: int = Field(default=0, description="Of what is drawn at random.")


@settings_of("cluster_names")
class NameConfig(OwnModelConfig):
    """How clusters are named."""

    sample_size: int = Field(
        default=100, ge=1, le=500, description="Random member features the model is shown, at most."
    )


@dg.asset(
    group_name="names",
    kinds={"duckdb", "llm"},
    deps=["clusters", "cluster_members", "vocabulary"],
    code_version=code_version(NameConfig, prompt_files("name", "cluster"), read_sql("tables/name_samples"), nearby),
)
def cluster_names(
    context: dg.AssetExecutionContext, config: NameConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster: a label of about five words and one sentence, from random members and nearest neighbours."""
    db = warehouse.open()
    samples = db.rows(
        read_sql("tables/name_samples"), variables={"sample_size": config.sample_size, "seed": config.seed}
    )
    whom = whom_to_ask(read_plans(db)[0], config, "cluster_names")
    prompt = prompts.load("name", "cluster", whom.folder)
    near = {name: [other for other, _ in found] for name, found in nearest_clusters(db, count=NEIGHBOURS).items()}
    texts_of = {row["cluster_id"]: row["texts"] for row in samples}
    salt = home.home.salt()

    def requests() -> Iterator[Request]:
        for row in samples:
            others = [text for other in near[row["cluster_id"]] for text in texts_of[other][:FEATURES_OF_A_NEIGHBOUR]]
            yield Request(
                purpose="name",
                subject_id=row["cluster_id"],
                model=whom.model,
                prompt_version=prompt.version,
                prompt=prompt.render(
                    features=prompts.fence("features", "\n".join(row["texts"]), salt),
                    neighbours=prompts.fence("neighbours", "\n".join(others), salt),
                ),
                answer=ClusterName,
                params=whom.params,
            )

    rows = []
    with AnswerStore(home.home.answers) as store:
        outcomes = answers(
            context,
            db,
            store,
            requests(),
            config,
            asset="cluster_names",
            what="cluster names",
            total=len(samples),
            budget=open_budget(whom.budget_usd, db, store, whom.prices),
        )
        with closing(outcomes):
            for sample, outcome in zip(samples, outcomes, strict=True):
                rows.append(_name_row(outcome, sample, near[sample["cluster_id"]]))
    db.replace({"cluster_names": pa.Table.from_pylist(rows, schema=db.schema("cluster_names"))})
    return materialized(
        context,
        db,
        "cluster_names",
        preview="""
            select kind, label, n_transcripts, description from cluster_prevalence
            order by prevalence desc, cluster_id limit 20""",
    )


@settings_of("cluster_interest")
class InterestConfig(OwnModelConfig):
    """How interest is scored."""

    audience: str = Field(default="an AI safety researcher", description="To whom a cluster should be interesting.")
    batch_size: int = Field(
        default=10, ge=2, le=40, description="Clusters scored side by side: it calibrates the scores."
    )
    rounds: int = Field(default=2, ge=1, le=10, description="Times each cluster is scored, each time in other company.")


@dg.asset(
    group_name="names",
    kinds={"duckdb", "llm"},
    deps=["cluster_names", "cluster_members", "vocabulary"],
    code_version=code_version(
        InterestConfig, prompt_files("interest", "clusters"), read_sql("tables/interest_examples"), batching
    ),
)
def cluster_interest(
    context: dg.AssetExecutionContext, config: InterestConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster: how interesting it is, 1 to 100, over several shuffled batches of ten."""
    db = warehouse.open()
    named = db.rows(read_sql("tables/interest_examples"))
    whom = whom_to_ask(read_plans(db)[0], config, "cluster_interest")
    prompt = prompts.load("interest", "clusters", whom.folder)
    batches = batching.shuffled_batches(len(named), size=config.batch_size, rounds=config.rounds, seed=config.seed)
    salt = home.home.salt()

    def requests() -> Iterator[Request]:
        for number, batch in enumerate(batches):
            blocks = [_block(i, named[position]) for i, position in enumerate(batch, 1)]
            yield Request(
                purpose="interest",
                subject_id=f"batch-{number}",
                model=whom.model,
                prompt_version=prompt.version,
                prompt=prompt.render(
                    clusters=prompts.fence("clusters", "\n".join(blocks), salt), audience=config.audience
                ),
                answer=InterestScores,
                params=whom.params,
                at_least=len(batch),
            )

    scored = []
    with AnswerStore(home.home.answers) as store:
        outcomes = answers(
            context,
            db,
            store,
            requests(),
            config,
            asset="cluster_interest",
            what="batches of clusters",
            total=len(batches),
            budget=open_budget(whom.budget_usd, db, store, whom.prices),
        )
        with closing(outcomes):
            for batch, outcome in zip(batches, outcomes, strict=True):
                scored.append((batch, outcome.value.of(len(batch)) if outcome.answered else [None] * len(batch)))
    rows = [
        {
            "cluster_id": cluster["cluster_id"],
            "interest": found.mean,
            "spread": found.spread,
            "n_scores": found.n_scores,
            "audience": config.audience,
            "model": whom.model,
            "prompt_version": prompt.version,
        }
        for cluster, found in zip(named, batching.mean_interest(len(named), scored), strict=True)
    ]
    db.replace({"cluster_interest": pa.Table.from_pylist(rows, schema=db.schema("cluster_interest"))})
    return materialized(
        context,
        db,
        "cluster_interest",
        preview="""
            select kind, label, interest, n_transcripts from cluster_prevalence
            order by interest desc nulls last, cluster_id limit 20""",
    )


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is asked and how, what the home may spend, and the prices that were given."""

    model: str
    folder: Path | None
    params: Params
    budget_usd: float | None
    prices: dict[str, Price | None]


def whom_to_ask(plan: Plan, config: OwnModelConfig, asset: str) -> Whom:
    """Model, prompt folder and parameters: the config's own, else those of the rating plan; the budget is the plan's.

    Raises:
        ModelError: If there is a budget and nobody knows what the model costs.
    """
    model = config.model or plan.model
    # Another model does not live at the rating model's own address, nor cost what that one does.
    api_base = config.api_base or (plan.api_base if model == plan.model else None)
    price = own_price(config.price_in, config.price_out) or (plan.params.price if model == plan.model else None)
    check_price(asset, model, price, plan.budget_usd)
    folder = Path(config.prompts_folder).expanduser() if config.prompts_folder else plan.folder
    params = Params(max_tokens=config.max_tokens, temperature=config.temperature, api_base=api_base, price=price)
    return Whom(model, folder, params, plan.budget_usd, {plan.model: plan.params.price, model: price})


def _name_row(outcome: Outcome, sample: dict[str, list[str]], near: list[str]) -> dict[str, object]:
    request = outcome.request
    return {
        "cluster_id": request.subject_id,
        "label": outcome.value.label if outcome.answered else None,
        "description": outcome.value.description if outcome.answered else None,
        "sampled_feature_ids": sample["feature_ids"],
        "neighbour_ids": near,
        "status": outcome.status,
        "error": outcome.error,
        "model": request.model,
        "prompt_version": request.prompt_version,
        "request_key": request.key,
    }


def _block(number: int, cluster: dict[str, list[str]]) -> str:
    features = "\n".join(f"- {text}" for text in cluster["texts"])
    return f"[{number}] {cluster['label']}: {cluster['description']}\n{features}"
