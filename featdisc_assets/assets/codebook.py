"""Chosen clusters as a closed list: each piece is asked whether they apply, since free listing leaves things out."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, ClassVar

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.asking.budget import open_budget
from featdisc_assets.asking.model_calls import answers
from featdisc_assets.asking.model_choice import OwnModelConfig, whom_to_ask
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.assets.verification import KIND_WORDS
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import Shown
from featdisc_assets.llm.request import Request
from featdisc_assets.llm.shorten import head_and_tail
from featdisc_assets.warehouse import insert

TEXTS_A_WRITE = 2_000


class CodebookConfig(OwnModelConfig):
    """Which clusters are asked about, and of how many pieces."""

    prompts: ClassVar[tuple[str, ...]] = ("codebook/piece",)

    most_interesting: int = Field(
        default=0,
        ge=0,
        le=40,
        description="Ask about so many clusters of each kind, the most interesting that three transcripts show. 0 and"
        " no cluster_ids asks nothing.",
    )
    cluster_ids: list[str] = Field(
        default=[], description="Clusters to ask about, by their ids; they go before the most interesting ones."
    )
    max_texts: int = Field(
        default=1_000, ge=1, description="Distinct texts of each kind to ask about, drawn at random, one call each."
    )
    max_piece_tokens: int = Field(default=16_000, ge=500, description="Of a longer piece the model sees head and tail.")


@dg.asset(
    group_name="quality",
    kinds={"duckdb", "llm"},
    deps=["cluster_names", "cluster_interest", "cluster_members", "features", "pieces", "rated_texts", "vocabulary"],
    code_version=code_version(
        CodebookConfig,
        read_sql("read/codebook_entries"),
        read_sql("read/codebook_texts"),
    ),
)
def codebook(
    context: dg.AssetExecutionContext, config: CodebookConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per distinct text and cluster asked about: whether the text shows it. Empty unless wanted."""
    db = warehouse.open()
    chosen = {"most_interesting": config.most_interesting, "cluster_ids": config.cluster_ids}
    entries = db.rows(read_sql("read/codebook_entries"), variables=chosen)
    whom = whom_to_ask(read_plans(db)[0], config, "codebook")
    prompt, salt = prompts.load("codebook", "piece", whom.folder), home.home.salt()
    db.run("truncate codebook")
    db_schema = db.schema("codebook")
    with AnswerStore(home.home.answers) as store:
        for kind in sorted({entry["kind"] for entry in entries}):
            listed = [entry for entry in entries if entry["kind"] == kind]
            behaviours = "\n".join(_entry(number, entry) for number, entry in enumerate(listed, 1))
            texts = db.rows(
                read_sql("read/codebook_texts"),
                variables={"kind": kind, "max_texts": config.max_texts, "seed": config.seed},
            )

            def requests(
                kind: str = kind, behaviours: str = behaviours, texts: list[dict[str, str]] = texts
            ) -> Iterator[Request]:
                for row in texts:
                    shown, left_out = head_and_tail(row["text"], config.max_piece_tokens)
                    yield Request(
                        purpose="codebook",
                        subject_id=row["text_hash"],
                        model=whom.model,
                        prompt_version=prompt.version,
                        prompt=prompt.render(
                            kind=KIND_WORDS[kind],
                            codebook=prompts.fence("codebook", behaviours, salt),
                            piece=prompts.fence("piece", shown, salt),
                        ),
                        answer=Shown,
                        params=whom.params,
                        chars_left_out=left_out,
                    )

            budget = open_budget(whom.budget_usd, db, store, whom.prices)
            given: dict[str, Any] = {
                "asset": "codebook",
                "what": f"{kind} texts",
                "total": len(texts),
                "budget": budget,
            }
            rows: list[dict[str, object]] = []
            with closing(answers(context, db, store, requests(), config, **given)) as outcomes:
                for row, outcome in zip(texts, outcomes, strict=True):
                    shown = outcome.value.of(len(listed)) if outcome.answered else [None] * len(listed)
                    rows += [
                        {
                            "kind": kind,
                            "text_hash": row["text_hash"],
                            "cluster_id": entry["cluster_id"],
                            "is_shown": is_shown,
                            "status": outcome.status,
                            "model": whom.model,
                            "prompt_version": prompt.version,
                            "request_key": outcome.request.key,
                        }
                        for entry, is_shown in zip(listed, shown, strict=True)
                    ]
            with db.transaction() as connection:
                insert(connection, "codebook", pa.Table.from_pylist(rows, schema=db_schema))
    told = "" if entries else "nothing was asked: set codebook.most_interesting, say to 10, or codebook.cluster_ids"
    preview = "from codebook_prevalence order by interest desc nulls last, cluster_id limit 20"
    return materialized(context, db, "codebook", preview=preview, figures={"off": told} if told else {})


def _entry(number: int, entry: dict[str, object]) -> str:
    examples = "; ".join(str(text) for text in entry["texts"])  # type: ignore[attr-defined]
    return f"[{number}] {entry['label']}: {entry['description']} For example: {examples}"
