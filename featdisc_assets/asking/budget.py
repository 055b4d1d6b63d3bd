"""What requests may cost: prices of models, and the home's budget."""

from collections.abc import Mapping
from dataclasses import replace

from featdisc_assets.asking.model_calls import write_ledger
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import ModelError
from featdisc_assets.llm.pricing import Price, price
from featdisc_assets.warehouse import Warehouse

_MILLION = 1e6


def own_price(price_in: float | None, price_out: float | None) -> Price | None:
    """The price from the settings, None if they give none.

    Args:
        price_in: Dollars per million input tokens; cached tokens cost the same.
        price_out: Dollars per million output tokens.

    Raises:
        FeatdiscError: If only one of them is given.
    """
    if price_in is None and price_out is None:
        return None
    if price_in is None or price_out is None:
        raise FeatdiscError(
            f"price_in is {price_in} and price_out is {price_out}: give both, in dollars per million tokens, or neither"
        )
    return Price(price_in / _MILLION, price_out / _MILLION, price_in / _MILLION)


def check_price(asset: str, model: str, own: Price | None, budget_usd: float | None) -> None:
    """Check that the model's price is known if there is a budget.

    Args:
        asset: The asset whose settings would give the price.
        model: The model to ask.
        own: The price from its settings, if any.
        budget_usd: The home's budget, None for no limit.

    Raises:
        ModelError: If there is a budget and no price.
    """
    if budget_usd is not None and price(model, own) is None:
        raise ModelError(
            f"budget_usd is {budget_usd:g} and the price of {model!r} is unknown: set {asset}.price_in and"
            f" {asset}.price_out (dollars per million tokens, 0 for your own server), or remove the budget"
        )


def spent_so_far(db: Warehouse, store: AnswerStore, own: Mapping[str, Price | None]) -> float:
    """Dollars that the home has paid, for all purposes.

    Answers without a price count at the current price, if there is one.

    Args:
        db: The warehouse; its ledger is updated.
        store: The answer store.
        own: Prices from the settings, by model.
    """
    write_ledger(db, store)
    unpriced = db.rows(
        "select model, cast(sum(tokens_in) as bigint) as sent, cast(sum(tokens_out) as bigint) as received"
        " from ratings where cost_usd is null and tokens_in is not null group by model"
    )
    spent = store.spent_usd()
    for row in unpriced:
        if (each := price(row["model"], own.get(row["model"]))) is not None:
            # The price of long calls does not apply to a sum of calls.
            spent += replace(each, longer=()).of(row["sent"], row["received"] or 0)
    return spent


def open_budget(
    budget_usd: float | None, db: Warehouse, store: AnswerStore, own: Mapping[str, Price | None]
) -> Budget | None:
    """The home's budget with what is spent already, None without a limit; arguments as in `spent_so_far`."""
    return None if budget_usd is None else Budget(budget_usd, spent_usd=spent_so_far(db, store, own))
