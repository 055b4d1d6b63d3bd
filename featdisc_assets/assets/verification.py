"""Verification: a model checks whether a random sample of features is true of their pieces."""

from collections.abc import Iterator
from typing import ClassVar

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.asking.model_choice import OwnModelConfig, ask_chosen_model, choose_model
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answers import Verdict
from featdisc_assets.llm.request import Request
from featdisc_assets.llm.shorten import head_and_tail
from featdisc_assets.transcript import KIND_WORDS


class VerificationConfig(OwnModelConfig):
    """How many features are verified, and by which model."""

    prompts: ClassVar[tuple[str, ...]] = ("verify/pair",)

    pairs: int = Field(
        default=0,
        ge=0,
        description="Number of random pairs of piece and feature to verify of each kind and rating model, one request"
        " each. 0 verifies none; 200 estimate a precision of 0.9 to within 0.04. Use another model than the rater.",
    )
    max_piece_tokens: int = Field(
        default=16_000, ge=500, description="Show longer pieces by head and tail. Lower it to save tokens."
    )


@dg.asset(
    group_name="quality",
    kinds={"duckdb", "llm"},
    deps=["features", "vocabulary", "rated_texts", "text_features", "pieces"],
    code_version=code_version(VerificationConfig, read_sql("read/pairs_to_verify")),
)
def verification(
    context: dg.AssetExecutionContext, config: VerificationConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per verified pair of piece and feature: is the feature true of the piece? Empty unless switched on."""
    db = warehouse.open()
    pairs = db.rows(read_sql("read/pairs_to_verify"), variables={"pairs": config.pairs, "seed": config.seed})
    choice = choose_model(read_plans(db)[0], config, "verification")
    prompt, salt = prompts.load("verify", "pair", choice.folder), home.home.salt()

    def requests() -> Iterator[Request]:
        for pair in pairs:
            shown, left_out = head_and_tail(pair["text"], config.max_piece_tokens)
            values = {
                "kind": KIND_WORDS[pair["kind"]],
                "piece": prompts.fence("piece", shown, salt),
                "feature": prompts.fence("feature", pair["feature"], salt),
            }
            yield choice.request("verify", pair["piece_id"], prompt, Verdict, values, chars_left_out=left_out)

    rows = []
    asked = (context, home.home, db, requests(), config, choice)
    with ask_chosen_model(*asked, asset="verification", what="features verified", total=len(pairs)) as outcomes:
        for pair, outcome in zip(pairs, outcomes, strict=True):
            rows.append(
                {name: pair[name] for name in ("piece_id", "feature_id", "kind", "rated_by", "rated_with")}
                | {
                    "verdict": outcome.value.verdict if outcome.answered else None,
                    "status": outcome.status,
                    "error": outcome.error,
                    "model": choice.model,
                    "prompt_version": prompt.version,
                    "request_key": outcome.request.key,
                }
            )
    db.replace({"verification": pa.Table.from_pylist(rows, schema=db.schema("verification"))})
    off = "nothing was verified: set verification.pairs, for example to 200"
    preview = "from rating_precision order by all"
    return materialized(context, db, "verification", preview=preview, figures={} if config.pairs else {"off": off})
