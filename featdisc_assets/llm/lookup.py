"""What the answer store already settles: the outcome of a request from its attempts, without asking."""

from collections.abc import Sequence
from typing import TypeAlias

from featdisc_assets.llm import faults
from featdisc_assets.llm.answer_store import AnswerStore, Attempt, last
from featdisc_assets.llm.parse import parse_answer
from featdisc_assets.llm.request import Outcome, Request

Resolved: TypeAlias = tuple[Outcome | None, Request, Sequence[Attempt]]


def from_store(request: Request, attempts: Sequence[Attempt], *, retry_failed: bool = False) -> Outcome | None:
    """The outcome that a request's stored attempts settle, None if it is still to be asked.

    Args:
        request: The request.
        attempts: Its attempts, in order of asking.
        retry_failed: Whether to leave final failures open too.
    """
    row = last(attempts)
    if row is None:
        return None
    if row.status in (*faults.OK, faults.ANSWERED):
        value, was_repaired = parse_answer(row.raw or "", request.answer)
        if value is None:
            return None
        reasked = any(earlier.status in (faults.ANSWERED, "invalid") for earlier in attempts[: attempts.index(row)])
        repaired = row.status == "repaired" or (row.status == faults.ANSWERED and (was_repaired or reasked))
        status = "too_few" if value.n_items < request.at_least else "repaired" if repaired else "ok"
        return Outcome(request, status, value, from_store=True)
    if row.status in faults.FINAL and not retry_failed:
        if row.status == "truncated" and sum(attempt.status == "truncated" for attempt in attempts) == 1:
            return None  # killed before it was asked again with a larger limit
        return Outcome(request, row.status, error=row.error, from_store=True)
    return None


def resolve(
    store: AnswerStore, request: Request, attempts: Sequence[Attempt], *, retry_failed: bool = False
) -> Resolved:
    """The same, following a request that was too long for its model to its shorter forms.

    Returns:
        The outcome or None, the form of the request that it is of or that is to be asked, and that form's attempts.
    """
    while True:
        outcome = from_store(request, attempts, retry_failed=retry_failed)
        shorter = shorter_form(outcome)
        if shorter is None:
            return outcome, request, attempts
        request, attempts = shorter, store.lookup([shorter.key]).get(shorter.key, ())


def shorter_form(outcome: Outcome | None) -> Request | None:
    """What to ask instead after an outcome, if it failed for its length and can be shortened."""
    if outcome is None or outcome.status != "context_length" or outcome.request.shorter is None:
        return None
    return outcome.request.shorter()
