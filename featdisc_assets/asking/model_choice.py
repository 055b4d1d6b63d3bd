"""Whom an asset asks that may have a model of its own: what is left open is as in the rating plan."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from featdisc_assets.asking.budget import check_price, own_price
from featdisc_assets.asking.model_calls import AskingConfig
from featdisc_assets.asking.plans import Plan
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.request import Params


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
