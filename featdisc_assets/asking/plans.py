"""The rating plan: which prompt, model and limits each kind is rated with."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from featdisc_assets.asking.budget import own_price
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.llm import prompts
from featdisc_assets.llm.pricing import Price, price
from featdisc_assets.llm.request import Params
from featdisc_assets.transcript import Kind
from featdisc_assets.warehouse import Warehouse


class Mode(StrEnum):
    """How ratings are requested."""

    live = "live"
    batch = "batch"


@dataclass(frozen=True)
class Plan:
    """How one kind is rated.

    `budget_usd` limits what the home may ever spend, None for no limit. Pieces above `max_piece_tokens` are shown by
    head and tail; None shows every piece whole. `evidence` uses another prompt, which asks for a quote per feature.
    Prices are dollars per million tokens.

    Raises:
        PromptError: If the prompt file cannot be used.
    """

    kind: Kind
    model: str
    api_base: str | None
    folder: Path | None
    min_features: int
    max_features: int
    max_tokens: int
    temperature: float | None
    budget_usd: float | None
    price_in: float | None
    price_out: float | None
    max_piece_tokens: int | None
    mode: Mode
    evidence: bool
    prompt: prompts.Prompt = field(init=False)

    def __post_init__(self) -> None:
        prompt = prompts.load("evidence" if self.evidence else "rate", self.kind, self.folder)
        object.__setattr__(self, "prompt", prompt)

    @cached_property
    def params(self) -> Params:
        """Parameters of its requests."""
        own = own_price(self.price_in, self.price_out)
        return Params(max_tokens=self.max_tokens, temperature=self.temperature, api_base=self.api_base, price=own)

    @property
    def price(self) -> Price | None:
        """Dollars per token, None if unknown."""
        return price(self.model, self.params.price)


# Columns of `rating_plan` that are fields of the plan.
_COLUMNS = (
    "kind", "model", "api_base", "min_features", "max_features", "max_tokens", "temperature", "budget_usd", "price_in",
    "price_out", "max_piece_tokens",
)  # fmt: skip


@dataclass(slots=True)
class Pending:
    """How many texts of one kind are rated, how many were shortened, and what rating the rest costs.

    Of the pending texts, `n_changed` have a rating by another prompt, model or length limit; `n_new` have none.
    """

    n_texts: int = 0
    n_answered: int = 0
    n_failed: int = 0
    n_pending: int = 0
    n_new: int = 0
    n_changed: int = 0
    n_shortened: int = 0
    n_chars_left_out: int = 0
    pending_tokens_in: int = 0
    pending_tokens_out: int = 0
    pending_usd: float | None = None


def prompts_folder(given: str | None, home: Home) -> Path | None:
    """The folder whose prompts override the built-in ones: the given one, else the home's, if it exists."""
    if given:
        return Path(given).expanduser()
    return home.prompts if home.prompts.is_dir() else None


def read_plans(db: Warehouse) -> list[Plan]:
    """The plans of the last materialisation; rows of earlier versions have nulls in newer columns."""
    home = Home(db.path.parent)
    return [
        Plan(
            **{name: row[name] for name in _COLUMNS},
            folder=prompts_folder(row["prompts_folder"], home),
            mode=Mode(row["mode"] or Mode.live),
            evidence=bool(row["evidence"]),
        )
        for row in db.rows("from rating_plan order by kind desc")
    ]


def check_prompts(db: Warehouse, plans: list[Plan]) -> None:
    """Check that the prompts are those of the plan.

    Raises:
        FeatdiscError: If a prompt file was edited since.
    """
    planned = {row["kind"]: row["prompt_version"] for row in db.rows("select kind, prompt_version from rating_plan")}
    for plan in plans:
        if plan.prompt.version != planned[plan.kind]:
            raise FeatdiscError(
                f"the prompt for {plan.kind} pieces has version {plan.prompt.version} and the plan was made with"
                f" {planned[plan.kind]}: materialise rating_plan, check the cost, then rate"
            )


def _stored_folder(folder: Path | None, home: Home) -> str | None:
    """The folder to store; null for the home's own, so that a home can move."""
    return None if folder is None or folder == home.prompts else str(folder.absolute())


def write_plans(db: Warehouse, plans: list[Plan], counted: list[Pending], *, spent_usd: float) -> None:
    """Replace the stored plans."""
    n_pieces = {row["kind"]: row["n"] for row in db.rows("select kind, count(*) as n from pieces group by kind")}
    [rate] = db.rows(read_sql("read/rating_pace"), variables={"model": plans[0].model})
    rows = [
        {
            **{name: getattr(plan, name) for name in _COLUMNS},
            "prompt_version": plan.prompt.version,
            "prompts_folder": _stored_folder(plan.folder, Home(db.path.parent)),
            "mode": plan.mode.value,
            "evidence": plan.evidence,
            "spent_usd": spent_usd,
            "n_pieces": n_pieces.get(plan.kind, 0),
            **{name: getattr(row, name) for name in Pending.__slots__},
            "pending_hours": row.n_pending / rate["texts_an_hour"] if rate["texts_an_hour"] else None,
        }
        for plan, row in zip(plans, counted, strict=True)
    ]
    db.replace({"rating_plan": pa.Table.from_pylist(rows, schema=db.schema("rating_plan"))})
