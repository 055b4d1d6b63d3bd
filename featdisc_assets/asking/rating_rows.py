"""Outcomes of ratings as rows, written while the run goes on."""

import time
from collections.abc import Iterable

import pyarrow as pa

from featdisc_assets.asking.plans import Plan
from featdisc_assets.llm.answers import clean_features, clean_quoted
from featdisc_assets.llm.request import Outcome
from featdisc_assets.stages.quotes import locate
from featdisc_assets.warehouse import Warehouse, insert

TEXTS_A_WRITE = 2_000
SECONDS_A_WRITE = 20.0


def write_outcomes(db: Warehouse, plan: Plan, outcomes: Iterable[Outcome]) -> None:
    """Write outcomes in batches while they arrive, so that they can be queried during the run."""
    waiting: list[Outcome] = []
    written = time.monotonic()
    for outcome in outcomes:
        waiting.append(outcome)
        if len(waiting) >= TEXTS_A_WRITE or time.monotonic() - written > SECONDS_A_WRITE:
            _flush(db, plan, waiting)
            waiting, written = [], time.monotonic()
    _flush(db, plan, waiting)
    with db.transaction() as connection:
        for table in ("rated_texts", "text_features", "evidence"):
            connection.execute(
                f"delete from {table} where kind = $1"
                " and text_hash not in (select text_hash from pieces where kind = $1)",
                [plan.kind],
            )


def _flush(db: Warehouse, plan: Plan, outcomes: list[Outcome]) -> None:
    if not outcomes:
        return
    pairs = [_features(outcome, plan) for outcome in outcomes]
    lists = [[feature for feature, _ in some] for some in pairs]
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
    evidence = _evidence(db, plan, hashes, pairs) if plan.evidence else db.schema("evidence").empty_table()
    with db.transaction() as connection:
        connection.register("done", rated.select(["text_hash"]))
        for table, rows in {"rated_texts": rated, "text_features": written, "evidence": evidence}.items():
            connection.execute(f"delete from {table} where kind = $1 and text_hash in (from done)", [plan.kind])
            insert(connection, table, rows)
        connection.unregister("done")


def _features(outcome: Outcome, plan: Plan) -> list[tuple[str, str]]:
    """Features of an answer with the quote for each, empty without evidence."""
    if not outcome.answered:
        return []
    if plan.evidence:
        return clean_quoted(outcome.value.features, at_most=plan.max_features)
    return [(text, "") for text in clean_features(outcome.value.features, at_most=plan.max_features)]


def _evidence(db: Warehouse, plan: Plan, hashes: list[str], pairs: list[list[tuple[str, str]]]) -> pa.Table:
    """Each quote as the model gave it, and its position in the text; `quote` is null where the text lacks it."""
    found = db.join(
        f"""
        select text_hash, any_value(text) as text from pieces
        where kind = '{plan.kind}' and text_hash in (select text_hash from done) group by text_hash""",
        {"done": pa.table({"text_hash": hashes})},
    )
    texts = dict(zip(found["text_hash"].to_pylist(), found["text"].to_pylist(), strict=True))
    rows = []
    for text_hash, some in zip(hashes, pairs, strict=True):
        for position, (_, claimed) in enumerate(some):
            text = texts.get(text_hash, "")
            start, length, status = locate(text, claimed) or (None, None, "not found" if claimed.strip() else "none")
            quote = None if start is None or length is None else text[start - 1 : start - 1 + length]
            rows.append((plan.kind, text_hash, position, claimed, status, start, length, quote))
    names = ("kind", "text_hash", "position", "claimed", "status", "start", "length", "quote")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=db.schema("evidence"))
