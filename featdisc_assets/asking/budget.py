"""What asking may cost: a price that somebody must know, and a budget that is the home's."""

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
    """The price that somebody gave, None if nobody did.

    Args:
        price_in: Dollars per million tokens sent; those in a provider's cache count as much.
        price_out: Dollars per million tokens received.

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
    """Make sure that a budget can be held: that the model's price is known where there is one.

    Args:
        asset: Whose settings the price would stand in.
        model: Who is to be asked.
        own: The price given there, if any.
        budget_usd: The home's, None if it has none.

    Raises:
        ModelError: If there is a budget and no price; one sentence that names the settings.
    """
    if budget_usd is not None and price(model, own) is None:
        raise ModelError(
            f"budget_usd is {budget_usd:g} and nobody knows what {model!r} costs: set {asset}.price_in and"
            f" {asset}.price_out (dollars per million tokens, 0 for a server of your own), or leave the budget out"
        )


def spent_so_far(db: Warehouse, store: AnswerStore, own: Mapping[str, Price | None]) -> float:
    """Dollars that the home has paid, for whatever purpose.

    Answers that came before anybody knew their price count at today's, as far as a price is known today.

    Args:
        db: Its ledger is brought up to date.
        store: Where answers are.
        own: The prices that were given, by model.
    """
    write_ledger(db, store)
    unpriced = db.rows(
        "select model, cast(sum(tokens_in) as bigint) as sent, cast(sum(tokens_out) as bigint) as received"
        " from ratings where cost_usd is null and tokens_in is not null group by model"
    )
    spent = store.spent_usd()
    for row in unpriced:
        if (each := price(row["model"], own.get(row["model"]))) is not None:
            # A sum of many calls is no long call.
            spent += replace(each, longer=()).of(row["sent"], row["received"] or 0)
    return spent


def open_budget(
    budget_usd: float | None, db: Warehouse, store: AnswerStore, own: Mapping[str, Price | None]
) -> Budget | None:
    """What may be spent now, None without a limit; the arguments are those of `spent_so_far`."""
    return None if budget_usd is None else Budget(budget_usd, spent_usd=spent_so_far(db, store, own))
