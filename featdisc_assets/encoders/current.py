"""The encoder of the vectors that a home uses, to encode further texts alike."""

from dataclasses import replace

from featdisc_assets import encoders
from featdisc_assets.encoders import Encoder
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse


def current(db: Warehouse) -> Encoder | None:
    """The encoder of the vectors in use, None if nothing is embedded.

    A remote encoder uses the address and price that the vectors were asked with, within the home's budget.

    Raises:
        FeatdiscError: If it cannot be loaded on this machine, or cannot be asked.
    """
    rows = db.rows("from encoders where is_current")
    if not rows:
        return None
    row = rows[0]
    if not encoders.is_remote(row["encoder"]):
        return encoders.of_identity(row["encoder"])
    from featdisc_assets.encoders import remote  # noqa: PLC0415  (most homes ask no server)
    from featdisc_assets.llm.budget import Budget  # noqa: PLC0415

    server = remote.server_of(row["encoder"])
    server = replace(server, api_base=row["api_base"], price=remote.own_price(row["price_in"]), width=row["dimension"])
    limit = db.scalar("select any_value(budget_usd) from rating_plan")
    budget = None if limit is None else Budget(limit)
    return remote.RemoteEncoder(server, Home(db.path.parent).answers, budget=budget)
