"""The rating plan: which prompt, model and limits each kind is rated with, and what is still to be asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

import pyarrow as pa

from featdisc_assets.llm import prompts
from featdisc_assets.llm.answers import FeatureList
from featdisc_assets.llm.ask import from_store
from featdisc_assets.llm.pricing import count_tokens, price
from featdisc_assets.llm.request import Params, Request
from featdisc_assets.llm.store import AnswerStore
from featdisc_assets.transcript import Kind
from featdisc_assets.warehouse import Warehouse

TEXTS_A_READ = 2_000
# A feature is some eight tokens as JSON: what an answer with the most features comes to.
TOKENS_PER_FEATURE = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """How one kind is rated."""

    kind: Kind
    model: str
    prompt: prompts.Prompt
    folder: Path | None
    min_features: int
    max_features: int
    params: Params

    @property
    def api_base(self) -> str | None:
        """The address of the user's own server, if any."""
        return self.params.api_base


@dataclass(slots=True)
class Pending:
    """What of one kind is known, and what asking for the rest comes to."""

    n_texts: int = 0
    n_answered: int = 0
    n_failed: int = 0
    n_pending: int = 0
    pending_tokens_in: int = 0
    pending_tokens_out: int = 0
    pending_usd: float | None = None


def make_plan(
    kind: Kind,
    *,
    model: str,
    api_base: str | None,
    folder: Path | None,
    n_features: tuple[int, int],
    max_tokens: int,
    temperature: float | None,
) -> Plan:
    """A plan with its prompt loaded and checked.

    Raises:
        PromptError: If a prompt file cannot be used.
    """
    return Plan(
        kind=kind,
        model=model,
        prompt=prompts.load("rate", kind, folder),
        folder=folder,
        min_features=min(n_features),
        max_features=max(n_features),
        params=Params(max_tokens=max_tokens, temperature=temperature, api_base=api_base),
    )


def read_plans(db: Warehouse) -> list[Plan]:
    """The plans as they were last materialised."""
    return [
        make_plan(
            cast("Kind", row["kind"]),
            model=row["model"],
            api_base=row["api_base"],
            folder=Path(row["prompts_folder"]) if row["prompts_folder"] else None,
            n_features=(row["min_features"], row["max_features"]),
            max_tokens=row["max_tokens"],
            temperature=row["temperature"],
        )
        for row in db.rows("from rating_plan order by kind desc")
    ]


def requests(db: Warehouse, plan: Plan, *, salt: str) -> Iterator[Request]:
    """One request for each distinct text of a kind, read a few thousand at a time and in an order that says nothing."""
    after = ""
    while True:
        texts = db.rows(
            """
            select text_hash, any_value(text) as text from pieces
            where kind = $1 and text_hash > $2 group by text_hash order by text_hash limit $3""",
            [plan.kind, after, TEXTS_A_READ],
        )
        for row in texts:
            yield Request(
                purpose="rate",
                subject_id=row["text_hash"],
                model=plan.model,
                prompt_version=plan.prompt.version,
                prompt=plan.prompt.render(
                    piece=prompts.fence(plan.kind, row["text"], salt),
                    at_least=plan.min_features,
                    at_most=plan.max_features,
                ),
                answer=FeatureList,
                params=plan.params,
                at_least=1,
            )
        if len(texts) < TEXTS_A_READ:
            return
        after = texts[-1]["text_hash"]


def count(db: Warehouse, store: AnswerStore, plan: Plan, *, salt: str) -> Pending:
    """Look every request up in the answer store, and price what is not there."""
    found = Pending()
    asked = requests(db, plan, salt=salt)
    while batch := list(islice(asked, TEXTS_A_READ)):
        known = store.lookup([request.key for request in batch])
        for request in batch:
            outcome = from_store(request, known.get(request.key, []))
            found.n_texts += 1
            if outcome is None:
                found.n_pending += 1
                found.pending_tokens_in += count_tokens(request.prompt)
            elif outcome.answered:
                found.n_answered += 1
            else:
                found.n_failed += 1
    found.pending_tokens_out = found.n_pending * plan.max_features * TOKENS_PER_FEATURE
    if found.n_pending == 0:
        found.pending_usd = 0.0
    elif (known_price := price(plan.model)) is not None:
        found.pending_usd = known_price.of(found.pending_tokens_in, found.pending_tokens_out)
    return found


def write_plans(db: Warehouse, plans: list[Plan], counted: list[Pending]) -> None:
    """Put the plans in place of the earlier ones."""
    n_pieces = {row["kind"]: row["n"] for row in db.rows("select kind, count(*) as n from pieces group by kind")}
    rows = [
        {
            "kind": plan.kind,
            "model": plan.model,
            "prompt_version": plan.prompt.version,
            "api_base": plan.api_base,
            "prompts_folder": str(plan.folder.absolute()) if plan.folder else None,
            "min_features": plan.min_features,
            "max_features": plan.max_features,
            "max_tokens": plan.params.max_tokens,
            "temperature": plan.params.temperature,
            "n_pieces": n_pieces.get(plan.kind, 0),
            **{name: getattr(row, name) for name in Pending.__slots__},
        }
        for plan, row in zip(plans, counted, strict=True)
    ]
    db.replace({"rating_plan": pa.Table.from_pylist(rows, schema=db.schema("rating_plan"))})
