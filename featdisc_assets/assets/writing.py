"""Outcomes of rating as rows, written as they come."""

import time
from collections.abc import Iterable

import pyarrow as pa

from featdisc_assets.assets.planning import Plan
from featdisc_assets.llm.answers import clean_features
from featdisc_assets.llm.request import Outcome
from featdisc_assets.warehouse import Warehouse, insert

TEXTS_A_WRITE = 2_000
SECONDS_A_WRITE = 20.0


def write_outcomes(db: Warehouse, plan: Plan, outcomes: Iterable[Outcome]) -> None:
    """Write outcomes as they come, some thousand at a time: what is flushed can be queried while the rest is asked."""
    waiting: list[Outcome] = []
    written = time.monotonic()
    for outcome in outcomes:
        waiting.append(outcome)
        if len(waiting) >= TEXTS_A_WRITE or time.monotonic() - written > SECONDS_A_WRITE:
            _flush(db, plan, waiting)
            waiting, written = [], time.monotonic()
    _flush(db, plan, waiting)
    with db.transaction() as connection:
        for table in ("rated_texts", "text_features"):
            connection.execute(
                f"delete from {table} where kind = $1"
                " and text_hash not in (select text_hash from pieces where kind = $1)",
                [plan.kind],
            )


def _flush(db: Warehouse, plan: Plan, outcomes: list[Outcome]) -> None:
    if not outcomes:
        return
    lists = [clean_features(o.value.features, at_most=plan.max_features) if o.answered else [] for o in outcomes]
    hashes = [outcome.request.subject_id for outcome in outcomes]
    n = len(outcomes)
    rated = pa.table(
        {
            "kind": pa.array([plan.kind] * n),
            "text_hash": hashes,
            "request_key": [outcome.request.key for outcome in outcomes],
            "model": [plan.model] * n,
            "prompt_version": [plan.prompt.version] * n,
            "status": [outcome.status for outcome in outcomes],
            "error": pa.array([outcome.error for outcome in outcomes], pa.string()),
            "n_features": pa.array([len(texts) for texts in lists], pa.int32()),
            "chars_left_out": [outcome.request.chars_left_out for outcome in outcomes],
        }
    )
    written = pa.table(
        {
            "kind": pa.array([plan.kind] * sum(map(len, lists)), pa.string()),
            "text_hash": pa.array([h for h, texts in zip(hashes, lists, strict=True) for _ in texts], pa.string()),
            "position": pa.array([i for texts in lists for i in range(len(texts))], pa.int32()),
            "text": pa.array([text for texts in lists for text in texts], pa.string()),
        }
    )
    with db.transaction() as connection:
        connection.register("done", rated.select(["text_hash"]))
        for table, rows in {"rated_texts": rated, "text_features": written}.items():
            connection.execute(
                f"delete from {table} where kind = $1 and text_hash in (from done)",
                [plan.kind],
            )
            insert(connection, table, rows)
        connection.unregister("done")
