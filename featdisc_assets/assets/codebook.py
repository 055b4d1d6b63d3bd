"""A codebook of chosen clusters: a model checks for each piece which of them apply."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.asking.model_choice import ModelChoice, OwnModelConfig, ask_chosen_model, choose_model
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answers import Shown
from featdisc_assets.llm.request import Request
from featdisc_assets.llm.shorten import head_and_tail
from featdisc_assets.transcript import KIND_WORDS


class CodebookConfig(OwnModelConfig):
    """Which clusters are checked, on how many pieces."""

    prompts: ClassVar[tuple[str, ...]] = ("codebook/piece",)

    most_interesting: int = Field(
        default=0,
        ge=0,
        le=40,
        description="Check this many clusters of each kind: the most interesting ones in at least three transcripts."
        " With 0 and no cluster_ids, nothing is requested.",
    )
    cluster_ids: list[str] = Field(
        default=[], description="Ids of clusters to check, in addition to the most interesting ones."
    )
    max_texts: int = Field(
        default=1_000,
        ge=1,
        description="Maximum number of distinct texts of each kind, drawn at random. Each is one request.",
    )
    max_piece_tokens: int = Field(
        default=16_000, ge=500, description="Show longer pieces by head and tail. Lower it to save tokens."
    )


@dg.asset(
    group_name="quality",
    kinds={"duckdb", "llm"},
    deps=["cluster_names", "cluster_interest", "cluster_members", "features", "pieces", "rated_texts", "vocabulary"],
    code_version=code_version(CodebookConfig, read_sql("read/codebook_entries"), read_sql("read/codebook_texts")),
)
def codebook(
    context: dg.AssetExecutionContext, config: CodebookConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per distinct text and chosen cluster: whether the text shows it. Empty unless switched on."""
    db = warehouse.open()
    chosen = {"most_interesting": config.most_interesting, "cluster_ids": config.cluster_ids}
    entries = db.rows(read_sql("read/codebook_entries"), variables=chosen)
    choice = choose_model(read_plans(db)[0], config, "codebook")
    prompt, salt = prompts.load("codebook", "piece", choice.folder), home.home.salt()
    db.run("truncate codebook")
    for kind in sorted({entry["kind"] for entry in entries}):
        listed = [entry for entry in entries if entry["kind"] == kind]
        drawn = {"kind": kind, "max_texts": config.max_texts, "seed": config.seed}
        texts = db.rows(read_sql("read/codebook_texts"), variables=drawn)
        requests = _requests(kind, listed, texts, choice, prompt, salt, config)
        asked = (context, home.home, db, requests, config, choice)
        rows: list[dict[str, object]] = []
        with ask_chosen_model(*asked, asset="codebook", what=f"{kind} texts", total=len(texts)) as outcomes:
            for row, outcome in zip(texts, outcomes, strict=True):
                answered = outcome.value.of(len(listed)) if outcome.answered else [None] * len(listed)
                rows += [
                    {
                        "kind": kind,
                        "text_hash": row["text_hash"],
                        "cluster_id": entry["cluster_id"],
                        "is_shown": is_shown,
                        "status": outcome.status,
                        "model": choice.model,
                        "prompt_version": prompt.version,
                        "request_key": outcome.request.key,
                    }
                    for entry, is_shown in zip(listed, answered, strict=True)
                ]
        db.append("codebook", pa.Table.from_pylist(rows, schema=db.schema("codebook")))
    off = "nothing was requested: set codebook.most_interesting (for example to 10) or codebook.cluster_ids"
    preview = "from codebook_prevalence order by interest desc nulls last, cluster_id limit 20"
    return materialized(context, db, "codebook", preview=preview, figures={} if entries else {"off": off})


def _requests(
    kind: str,
    listed: Sequence[dict[str, object]],
    texts: Sequence[dict[str, str]],
    choice: ModelChoice,
    prompt: prompts.Prompt,
    salt: str,
    config: CodebookConfig,
) -> Iterator[Request]:
    """One request per text, about all listed clusters."""
    behaviours = "\n".join(_entry(number, entry) for number, entry in enumerate(listed, 1))
    for row in texts:
        shown, left_out = head_and_tail(row["text"], config.max_piece_tokens)
        values = {
            "kind": KIND_WORDS[kind],
            "codebook": prompts.fence("codebook", behaviours, salt),
            "piece": prompts.fence("piece", shown, salt),
        }
        yield choice.request("codebook", row["text_hash"], prompt, Shown, values, chars_left_out=left_out)


def _entry(number: int, entry: dict[str, object]) -> str:
    examples = "; ".join(str(text) for text in entry["texts"])  # type: ignore[attr-defined]
    return f"[{number}] {entry['label']}: {entry['description']} For example: {examples}"
