"""Carrying out rating plans: requests of all kinds, live or in batches, and their outcomes as rows."""

from contextlib import closing
from itertools import chain

import dagster as dg

from featdisc_assets.asking.budget import open_budget
from featdisc_assets.asking.model_calls import AskingConfig, ask_in_advance, ask_model, refuse_requests_in_batches
from featdisc_assets.asking.plans import Mode, Plan
from featdisc_assets.asking.rating_requests import requests
from featdisc_assets.asking.rating_rows import write_outcomes
from featdisc_assets.home.places import Home
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.budget import Budget
from featdisc_assets.warehouse import Warehouse


def rate_texts(
    context: dg.AssetExecutionContext, config: AskingConfig, db: Warehouse, home: Home, plans: list[Plan]
) -> None:
    """Ask for all ratings that the plans lack, live or in batches, and write each answer as it arrives."""
    salt = home.salt()
    with AnswerStore(home.answers) as store:
        # All kinds in one pass, since each batch may take a day.
        asked = chain.from_iterable(requests(db, plan, salt=salt) for plan in plans)
        if plans[0].mode == Mode.batch:
            budget = _budget(db, store, plans[0])
            ask_in_advance(context, db, store, asked, config, asset="rated_texts", budget=budget)
        else:
            refuse_requests_in_batches(store, asked)
        for plan in plans:
            outcomes = ask_model(
                context,
                db,
                store,
                requests(db, plan, salt=salt),
                config,
                asset="rated_texts",
                what=f"{plan.kind} pieces",
                budget=_budget(db, store, plan),
                **_outstanding(db, plan, config),
            )
            with closing(outcomes):
                write_outcomes(db, plan, outcomes)


def _budget(db: Warehouse, store: AnswerStore, plan: Plan) -> Budget | None:
    return open_budget(plan.budget_usd, db, store, {plan.model: plan.params.price})


def _outstanding(db: Warehouse, plan: Plan, config: AskingConfig) -> dict[str, int]:
    """How many texts there are, and how many of them had no answer when the plan was made."""
    row = db.rows("from rating_plan where kind = $1", [plan.kind])[0]
    total = db.scalar("select count(distinct text_hash) from pieces where kind = $1", [plan.kind])
    return {"total": total, "to_ask": row["n_pending"] + (row["n_failed"] if config.retry_failed else 0)}
