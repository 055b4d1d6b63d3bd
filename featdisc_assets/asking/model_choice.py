"""Assets that may have a model of their own: settings that are left empty come from the rating plan."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import dagster as dg
from pydantic import Field

from featdisc_assets.asking.budget import check_price, open_budget, own_price
from featdisc_assets.asking.model_calls import AskingConfig, ask_model
from featdisc_assets.asking.plans import Plan
from featdisc_assets.home.places import Home
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import Answer
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.prompts import Prompt
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
    """The model that an asset asks, its prompts and parameters, the home's budget, and known prices by model."""

    model: str
    folder: Path | None
    params: Params
    budget_usd: float | None
    prices: dict[str, Price | None]

    def request(
        self, purpose: str, subject_id: str, prompt: Prompt, answer: type[Answer], values: Mapping[str, str],
        *, at_least: int = 1, chars_left_out: int = 0,
    ) -> Request:  # fmt: skip
        """The request for a rendered prompt; `values` are the prompt's, for the rest see `Request`."""
        return Request(
            purpose, subject_id, self.model, prompt.version, prompt.render(**values), answer, self.params,
            at_least=at_least, chars_left_out=chars_left_out,
        )  # fmt: skip


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


@contextmanager
def ask_chosen_model(
    context: dg.AssetExecutionContext,
    home: Home,
    db: Warehouse,
    requests: Iterable[Request],
    config: AskingConfig,
    choice: ModelChoice,
    *,
    asset: str,
    what: str,
    total: int,
) -> Iterator[Iterator[Outcome]]:
    """`ask_model` with the home's answers and budget; a cancelled run waits for the calls in flight, which are paid."""
    with AnswerStore(home.answers) as store:
        budget = open_budget(choice.budget_usd, db, store, choice.prices)
        outcomes = ask_model(context, db, store, requests, config, asset=asset, what=what, total=total, budget=budget)
        with closing(outcomes):
            yield outcomes
