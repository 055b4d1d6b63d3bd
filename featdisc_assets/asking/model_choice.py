"""Assets that may have a model of their own: settings that are left empty come from the rating plan."""

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import dagster as dg
from pydantic import Field

from featdisc_assets.asking.budget import check_price, open_budget, own_price
from featdisc_assets.asking.model_calls import AskingConfig, ask_model
from featdisc_assets.asking.plans import Plan
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.request import Outcome, Params, Request
from featdisc_assets.warehouse import Warehouse


class OwnModelConfig(AskingConfig):
    """Which model to ask. Empty settings come from the rating plan."""

    without_effect: ClassVar[frozenset[str]] = AskingConfig.without_effect | {"api_base", "price_in", "price_out"}

    model: str = Field(default="", description="Any litellm model. Empty uses the rating plan's model.")
    api_base: str = Field(default="", description="Address of your own server. Empty uses the rating plan's.")
    prompts_folder: str = Field(
        default="", description="Folder with your own prompts. Empty uses the rating plan's folder."
    )
    max_tokens: int = Field(default=2048, ge=64, description="Token limit of an answer, including thinking.")
    temperature: float | None = Field(
        default=None, description="Sampling temperature. None uses the provider's default."
    )
    price_in: float | None = Field(
        default=None,
        ge=0,
        description="Dollars per million input tokens. Set it, with price_out, for a model whose price litellm does not"
        " know. None uses litellm's price or, for the rating plan's model, the plan's.",
    )
    price_out: float | None = Field(
        default=None, ge=0, description="Dollars per million output tokens, including thinking. Set it with price_in."
    )
    seed: int = Field(default=0, description="Seed of random draws. Change it to draw another sample.")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The model that an asset asks, its prompt folder and parameters, the home's budget, and known prices by model."""

    model: str
    folder: Path | None
    params: Params
    budget_usd: float | None
    prices: dict[str, Price | None]


def choose_model(plan: Plan, config: OwnModelConfig, asset: str) -> ModelChoice:
    """Model, prompt folder and parameters from the config or else from the rating plan; the budget is the plan's.

    Raises:
        ModelError: If there is a budget and the model's price is unknown.
    """
    model = config.model or plan.model
    # Another model has another address and another price than the rating model.
    api_base = config.api_base or (plan.api_base if model == plan.model else None)
    price = own_price(config.price_in, config.price_out) or (plan.params.price if model == plan.model else None)
    check_price(asset, model, price, plan.budget_usd)
    folder = Path(config.prompts_folder).expanduser() if config.prompts_folder else plan.folder
    params = Params(max_tokens=config.max_tokens, temperature=config.temperature, api_base=api_base, price=price)
    return ModelChoice(model, folder, params, plan.budget_usd, {plan.model: plan.params.price, model: price})


def ask_chosen_model(
    context: dg.AssetExecutionContext,
    db: Warehouse,
    store: AnswerStore,
    requests: Iterable[Request],
    config: AskingConfig,
    choice: ModelChoice,
    *,
    asset: str,
    what: str,
    total: int,
) -> Generator[Outcome]:
    """`ask_model` within the home's budget; the arguments are the same, with the choice in place of a budget."""
    budget = open_budget(choice.budget_usd, db, store, choice.prices)
    with closing(
        ask_model(context, db, store, requests, config, asset=asset, what=what, total=total, budget=budget)
    ) as outcomes:
        yield from outcomes
