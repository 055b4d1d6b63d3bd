"""Rating requests: one for each distinct text of a kind, and the tokens and dollars they add up to."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from featdisc_assets.asking.plans import Mode, Pending, Plan
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import FeatureList, QuotedFeatureList
from featdisc_assets.llm.lookup import resolve
from featdisc_assets.llm.pricing import BATCH_DISCOUNT, context_tokens
from featdisc_assets.llm.request import Request
from featdisc_assets.llm.shorten import head_and_tail
from featdisc_assets.llm.tokens import count_tokens
from featdisc_assets.warehouse import Warehouse

TEXTS_A_READ = 2_000
# Length of a feature in a JSON answer, for estimates.
TOKENS_PER_FEATURE = 8
# The same with a quote of some fifteen words.
TOKENS_PER_QUOTED_FEATURE = 32
# From this number of answers on, estimates use the mean length of answers.
ANSWERS_TO_GO_BY = 50
# How often a piece that is too long for its model is halved, and the shortest piece worth rating.
HALVINGS = 3
FEWEST_PIECE_TOKENS = 500


def piece_limit(plan: Plan, wanted: int) -> int:
    """Maximum tokens of a piece: `wanted`, or fewer where the model's context is smaller."""
    context = context_tokens(plan.model)
    if context is None:
        return wanted  # the model reports an error for pieces that are too long
    around = count_tokens(_prompt(plan, ""))
    return min(wanted, max(FEWEST_PIECE_TOKENS, context - around - plan.params.max_tokens))


def requests(db: Warehouse, plan: Plan, *, salt: str) -> Iterator[Request]:
    """One request for each distinct text of a kind, in the order of hashes, reading a few thousand texts at a time."""
    after = ""
    while True:
        texts = db.rows(
            """
            select text_hash, any_value(text) as text from pieces
            where kind = $1 and text_hash > $2 group by text_hash order by text_hash limit $3""",
            [plan.kind, after, TEXTS_A_READ],
        )
        for row in texts:
            yield request(plan, row["text_hash"], row["text"], salt=salt, limit=plan.max_piece_tokens)
        if len(texts) < TEXTS_A_READ:
            return
        after = texts[-1]["text_hash"]


def request(
    plan: Plan, text_hash: str, text: str, *, salt: str, limit: int | None, halvings: int = HALVINGS
) -> Request:
    """The request for one text of at most `limit` tokens; its `shorter` form has half of them."""
    shown, left_out = head_and_tail(text, limit) if limit else (text, 0)
    half = min(limit or len(text), count_tokens(text)) // 2
    shorter = partial(request, plan, text_hash, text, salt=salt, limit=half, halvings=halvings - 1)
    return Request(
        purpose="rate",
        subject_id=text_hash,
        model=plan.model,
        prompt_version=plan.prompt.version,
        prompt=_prompt(plan, prompts.fence(plan.kind, shown, salt)),
        answer=QuotedFeatureList if plan.evidence else FeatureList,
        params=plan.params,
        at_least=plan.min_features,
        chars_left_out=left_out,
        shorter=shorter if halvings and half >= FEWEST_PIECE_TOKENS else None,
    )


def _prompt(plan: Plan, piece: str) -> str:
    return plan.prompt.render(piece=piece, at_least=plan.min_features, at_most=plan.max_features)


def count(db: Warehouse, store: AnswerStore, plan: Plan, *, salt: str) -> Pending:
    """Look up every request in the answer store, and estimate the cost of those without an answer."""
    found, written = Pending(), 0
    asked = requests(db, plan, salt=salt)
    while batch := list(islice(asked, TEXTS_A_READ)):
        stored = store.lookup([request.key for request in batch])
        rated_before = _rated_before(db, plan, [request.subject_id for request in batch])
        for whole in batch:
            outcome, form, attempts = resolve(store, whole, stored.get(whole.key, ()))
            found.n_texts += 1
            found.n_shortened += form.chars_left_out > 0
            found.n_chars_left_out += form.chars_left_out
            if outcome is None:
                found.n_pending += 1
                found.n_changed += whole.subject_id in rated_before
                found.pending_tokens_in += count_tokens(form.prompt)
            elif outcome.answered:
                found.n_answered += 1
                written += sum(attempt.tokens_out or 0 for attempt in attempts)
            else:
                found.n_failed += 1
    found.n_new = found.n_pending - found.n_changed
    has_enough = found.n_answered >= ANSWERS_TO_GO_BY and written > 0
    by_feature = TOKENS_PER_QUOTED_FEATURE if plan.evidence else TOKENS_PER_FEATURE
    each = written / found.n_answered if has_enough else plan.max_features * by_feature
    found.pending_tokens_out = round(found.n_pending * each)
    found.pending_usd = _dollars(plan, found)
    return found


def _rated_before(db: Warehouse, plan: Plan, texts: list[str]) -> set[str]:
    """Those of some texts, sorted by hash, that any earlier plan rated or failed to rate."""
    rows = db.rows(
        "select text_hash from rated_texts where kind = $1 and text_hash between $2 and $3",
        [plan.kind, texts[0], texts[-1]],
    )
    return {row["text_hash"] for row in rows}


def _dollars(plan: Plan, found: Pending) -> float | None:
    if found.n_pending == 0:
        return 0.0
    if plan.price is None:
        return None
    each = plan.price.discounted(BATCH_DISCOUNT) if plan.mode == Mode.batch else plan.price
    return each.of(found.pending_tokens_in, found.pending_tokens_out)
