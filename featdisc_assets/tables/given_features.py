"""Features that were made elsewhere and replace ratings."""

from featdisc_assets.asking.plans import Pending
from featdisc_assets.home.places import read_sql
from featdisc_assets.transcript import Kind
from featdisc_assets.warehouse import Warehouse


def has_given(db: Warehouse) -> bool:
    """Whether this home was loaded from features that were made elsewhere."""
    return bool(db.scalar("select count(*) from given_features"))


def nothing_pending(db: Warehouse, kind: Kind) -> Pending:
    """The state of one kind whose texts all have their features already."""
    given = db.scalar("select count(*) from given_features where kind = $1", [kind])
    return Pending(n_texts=given, n_answered=given, pending_usd=0.0)


def load_given(db: Warehouse) -> None:
    """Fill the tables of rated texts and their features without requests."""
    db.refill({name: read_sql(f"fill/given_{name}") for name in ("rated_texts", "text_features")})
