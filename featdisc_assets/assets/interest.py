"""Scores for how interesting clusters are."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import dagster as dg
import numpy as np
import pyarrow as pa
from pydantic import Field

from featdisc_assets.asking.model_choice import OwnModelConfig, ask_chosen_model, choose_model
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answers import InterestScores
from featdisc_assets.llm.request import Request
from featdisc_assets.stages import batching
from featdisc_assets.warehouse import Warehouse


class InterestConfig(OwnModelConfig):
    """How interest is scored."""

    prompts: ClassVar[tuple[str, ...]] = ("interest/clusters",)

    audience: str = Field(
        default="an AI safety researcher",
        description="Who should find a cluster interesting. It stands in the prompt, so a change scores all clusters"
        " again.",
    )
    batch_size: int = Field(
        default=10,
        ge=2,
        le=40,
        description="Number of clusters scored in one request, side by side. Larger batches need fewer requests.",
    )
    rounds: int = Field(
        default=2,
        ge=1,
        le=10,
        description="How often each cluster is scored, each time in another batch. At least 2 are needed to measure how"
        " much scores depend on the batch.",
    )


_VERSION = code_version(InterestConfig, read_sql("read/interest_examples"), batching)


@dg.multi_asset(
    name="cluster_interest",
    group_name="names",
    specs=[
        dg.AssetSpec(
            name,
            deps=["cluster_names", "cluster_members", "vocabulary"],
            code_version=_VERSION,
            kinds=kinds,
            description=grain,
        )
        for name, kinds, grain in (
            (
                "cluster_interest",
                {"duckdb", "llm"},
                "One row per cluster: its interest, 1 to 100, the mean over several batches with the batches' leniency"
                " removed.",
            ),
            ("interest_scores", {"duckdb", "llm"}, "One row per cluster and round: its score and batch."),
            (
                "interest_agreement",
                {"duckdb"},
                "One row: the agreement of the rounds, and how much scores depend on the batch.",
            ),
        )
    ],
)
def cluster_interest(
    context: dg.AssetExecutionContext, config: InterestConfig, warehouse: WarehouseResource, home: HomeResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Score every named cluster in shuffled batches, and combine the scores."""
    db = warehouse.open()
    named = db.rows(read_sql("read/interest_examples"))
    choice = choose_model(read_plans(db)[0], config, "cluster_interest")
    prompt = prompts.load("interest", "clusters", choice.folder)
    batches = batching.shuffled_batches(len(named), size=config.batch_size, rounds=config.rounds, seed=config.seed)
    salt = home.home.salt()

    def requests() -> Iterator[Request]:
        for number, batch in enumerate(batches):
            blocks = [_block(i, named[position]) for i, position in enumerate(batch, 1)]
            values = {"clusters": prompts.fence("clusters", "\n".join(blocks), salt), "audience": config.audience}
            yield choice.request("interest", f"batch-{number}", prompt, InterestScores, values, at_least=len(batch))

    scores: list[tuple[int, int, int]] = []
    arguments = (context, home.home, db, requests(), config, choice)
    with ask_chosen_model(
        *arguments, asset="cluster_interest", what="batches of clusters", total=len(batches)
    ) as outcomes:
        for number, (batch, outcome) in enumerate(zip(batches, outcomes, strict=True)):
            given = outcome.value.of(len(batch)) if outcome.answered else []
            scores += [(at, number, score) for at, score in zip(batch, given, strict=bool(given)) if score is not None]
    asked = {"audience": config.audience, "model": choice.model, "prompt_version": prompt.version}
    found = _write_scores(db, named, scores, batches_a_round=len(batches) // config.rounds, n=len(batches), asked=asked)
    if found.agreement.batch_sd:
        context.log.info(
            f"leniency of batches: standard deviation {found.agreement.batch_sd:.1f} points"
            f" (F {found.agreement.batch_f:.2f}, p {found.agreement.batch_p:.2g}), removed from the scores"
        )
    preview = """
        select kind, label, interest, n_transcripts from cluster_prevalence
        order by interest desc nulls last, cluster_id limit 20"""
    previews = {"cluster_interest": preview, "interest_agreement": "from interest_agreement"}
    for name in ("cluster_interest", "interest_scores", "interest_agreement"):
        yield materialized(context, db, name, preview=previews.get(name))


def _write_scores(
    db: Warehouse,
    named: Sequence[dict[str, Any]],
    scores: list[tuple[int, int, int]],
    *,
    batches_a_round: int,
    n: int,
    asked: dict[str, str],
) -> batching.Interest:
    """Remove the batches' leniency, and write all three tables."""
    at, batch, score = np.array(scores, np.int64).reshape(-1, 3).T
    round_ = batch // max(1, batches_a_round)
    found = batching.combine_scores(at, batch, round_, score.astype(float), n_clusters=len(named), n_batches=n)
    ids = pa.array([cluster["cluster_id"] for cluster in named], pa.string())
    clusters = {
        "cluster_id": ids,
        "interest": _nullable(found.mean),
        "raw_interest": _nullable(found.raw_mean),
        "spread": _nullable(found.spread),
        "n_scores": pa.array(found.n_scores, pa.int32()),
        **{name: pa.array([value] * len(named), pa.string()) for name, value in asked.items()},
    }
    given = {
        "cluster_id": ids.take(pa.array(at)),
        "round": pa.array(round_, pa.int32()),
        "batch": pa.array(batch, pa.int32()),
        "score": pa.array(score, pa.int32()),
        "batch_effect": found.effect[batch],
        "adjusted": found.adjusted,
    }
    agreement = {
        "n_clusters": len(named),
        "n_batches": n,
        "n_scores": len(scores),
        "rank_correlation": found.agreement.rank_correlation,
        "rank_correlation_adjusted": found.agreement.rank_correlation_adjusted,
        "batch_sd": found.agreement.batch_sd,
        "noise_sd": found.agreement.noise_sd,
        "batch_f": found.agreement.batch_f,
        "batch_p": found.agreement.batch_p,
        **asked,
    }
    whole = {
        name: _nullable(np.array([value])) if isinstance(value, float) else [value] for name, value in agreement.items()
    }
    db.replace(
        {
            "cluster_interest": pa.table(clusters),
            "interest_scores": pa.table(given).sort_by([("cluster_id", "ascending"), ("round", "ascending")]),
            "interest_agreement": pa.table(whole),
        }
    )
    return found


def _nullable(values: np.ndarray[Any, np.dtype[np.float64]]) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)


def _block(number: int, cluster: dict[str, list[str]]) -> str:
    features = "\n".join(f"- {text}" for text in cluster["texts"])
    return f"[{number}] {cluster['label']}: {cluster['description']}\n{features}"
