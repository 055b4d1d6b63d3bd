"""Clusters get a label, a sentence, and a score for how interesting they are."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.assets.asking import AskingConfig, answers, write_ledger
from featdisc_assets.assets.nearby import nearest_clusters
from featdisc_assets.assets.planning import read_plans
from featdisc_assets.assets.showing import table_metadata
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answers import ClusterName, InterestScores
from featdisc_assets.llm.request import Outcome, Params, Request
from featdisc_assets.llm.store import AnswerStore
from featdisc_assets.places import read_sql
from featdisc_assets.resources import HomeResource, WarehouseResource
from featdisc_assets.stages import batching
from featdisc_assets.warehouse import Warehouse

NEIGHBOURS = 3
FEATURES_OF_A_NEIGHBOUR = 5


class OwnModelConfig(AskingConfig):
    """Whom to ask; what is left empty is as in the rating plan."""

    model: str = Field(default="", description="Any litellm model; empty takes the rating plan's.")
    api_base: str = Field(default="", description="Address of your own server; empty takes the rating plan's.")
    prompts_folder: str = Field(default="", description="A folder of your own prompts; empty takes the rating plan's.")
    max_tokens: int = Field(default=2048, ge=64, description="Limit of an answer in tokens, thoughts included.")
    temperature: float | None = Field(default=None, description="None leaves it to the provider.")
    seed: int = Field(default=0, description="Of what is drawn at random.")


class NameConfig(OwnModelConfig):
    """How clusters are named."""

    sample_size: int = Field(
        default=100, ge=1, le=500, description="Random member features the model is shown, at most."
    )


@dg.asset(group_name="names", kinds={"duckdb", "llm"}, deps=["clusters", "cluster_members", "vocabulary"])
def cluster_names(
    context: dg.AssetExecutionContext, config: NameConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster: a label of about five words and one sentence, from random members and nearest neighbours."""
    db = warehouse.open()
    samples = db.rows(
        read_sql("tables/name_samples"), variables={"sample_size": config.sample_size, "seed": config.seed}
    )
    model, folder, params = _whom(db, config)
    prompt = prompts.load("name", "cluster", folder)
    near = {name: [other for other, _ in found] for name, found in nearest_clusters(db, count=NEIGHBOURS).items()}
    texts_of = {row["cluster_id"]: row["texts"] for row in samples}
    salt = home.home.salt()

    def requests() -> Iterator[Request]:
        for row in samples:
            others = [text for other in near[row["cluster_id"]] for text in texts_of[other][:FEATURES_OF_A_NEIGHBOUR]]
            yield Request(
                purpose="name",
                subject_id=row["cluster_id"],
                model=model,
                prompt_version=prompt.version,
                prompt=prompt.render(
                    features=prompts.fence("features", "\n".join(row["texts"]), salt),
                    neighbours=prompts.fence("neighbours", "\n".join(others), salt),
                ),
                answer=ClusterName,
                params=params,
            )

    with AnswerStore(home.home.answers) as store:
        outcomes = list(answers(context, store, requests(), config, what="cluster names", total=len(samples)))
    rows = [
        _name_row(outcome, sample, near[sample["cluster_id"]])
        for outcome, sample in zip(outcomes, samples, strict=True)
    ]
    db.replace({"cluster_names": pa.Table.from_pylist(rows, schema=db.schema("cluster_names"))})
    write_ledger(db, home.home)
    return dg.MaterializeResult(
        metadata=table_metadata(
            db,
            "cluster_names",
            preview="""
            select kind, label, n_transcripts, description from cluster_prevalence
            order by prevalence desc, cluster_id limit 20""",
        )
    )


class InterestConfig(OwnModelConfig):
    """How interest is scored."""

    audience: str = Field(default="an AI safety researcher", description="To whom a cluster should be interesting.")
    batch_size: int = Field(
        default=10, ge=2, le=40, description="Clusters scored side by side: it calibrates the scores."
    )
    rounds: int = Field(default=2, ge=1, le=10, description="Times each cluster is scored, each time in other company.")


@dg.asset(group_name="names", kinds={"duckdb", "llm"}, deps=["cluster_names", "cluster_members", "vocabulary"])
def cluster_interest(
    context: dg.AssetExecutionContext, config: InterestConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster: how interesting it is, 1 to 100, over several shuffled batches of ten."""
    db = warehouse.open()
    named = db.rows(read_sql("tables/interest_examples"))
    model, folder, params = _whom(db, config)
    prompt = prompts.load("interest", "clusters", folder)
    batches = batching.shuffled_batches(len(named), size=config.batch_size, rounds=config.rounds, seed=config.seed)
    salt = home.home.salt()

    def requests() -> Iterator[Request]:
        for number, batch in enumerate(batches):
            blocks = [_block(i, named[position]) for i, position in enumerate(batch, 1)]
            yield Request(
                purpose="interest",
                subject_id=f"batch-{number}",
                model=model,
                prompt_version=prompt.version,
                prompt=prompt.render(
                    clusters=prompts.fence("clusters", "\n".join(blocks), salt), audience=config.audience
                ),
                answer=InterestScores,
                params=params,
                at_least=len(batch),
            )

    with AnswerStore(home.home.answers) as store:
        outcomes = list(answers(context, store, requests(), config, what="batches of clusters", total=len(batches)))
    scored = [
        (batch, outcome.value.of(len(batch)) if outcome.answered else [None] * len(batch))
        for batch, outcome in zip(batches, outcomes, strict=True)
    ]
    rows = [
        {
            "cluster_id": cluster["cluster_id"],
            "interest": found.mean,
            "spread": found.spread,
            "n_scores": found.n_scores,
            "audience": config.audience,
            "model": model,
            "prompt_version": prompt.version,
        }
        for cluster, found in zip(named, batching.mean_interest(len(named), scored), strict=True)
    ]
    db.replace({"cluster_interest": pa.Table.from_pylist(rows, schema=db.schema("cluster_interest"))})
    write_ledger(db, home.home)
    return dg.MaterializeResult(
        metadata=table_metadata(
            db,
            "cluster_interest",
            preview="""
            select kind, label, interest, n_transcripts from cluster_prevalence
            order by interest desc nulls last, cluster_id limit 20""",
        )
    )


def _whom(db: Warehouse, config: OwnModelConfig) -> tuple[str, Path | None, Params]:
    """Model, prompt folder and parameters: the config's own, else those of the rating plan."""
    plan = read_plans(db)[0]
    model = config.model or plan.model
    # Another model does not live at the rating model's own address.
    api_base = config.api_base or (plan.api_base if model == plan.model else None)
    folder = Path(config.prompts_folder).expanduser() if config.prompts_folder else plan.folder
    return model, folder, Params(max_tokens=config.max_tokens, temperature=config.temperature, api_base=api_base)


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
