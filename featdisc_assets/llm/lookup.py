"""The outcome of a request from its stored attempts, without asking."""

from collections.abc import Sequence
from typing import TypeAlias

from featdisc_assets.llm import faults
from featdisc_assets.llm.answer_store import AnswerStore, Attempt, last
from featdisc_assets.llm.parse import parse_answer
from featdisc_assets.llm.request import Outcome, Request

Resolved: TypeAlias = tuple[Outcome | None, Request, Sequence[Attempt]]


def from_store(request: Request, attempts: Sequence[Attempt], *, retry_failed: bool = False) -> Outcome | None:
    """The outcome of a request by its stored attempts, None if it is still to be asked.

    Args:
        request: The request.
        attempts: Its attempts, oldest first.
        retry_failed: Whether to ask again after final failures too.
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
            return None  # the run was killed before it asked again with a larger limit
        return Outcome(request, row.status, error=row.error, from_store=True)
    return None


def resolve(
    store: AnswerStore, request: Request, attempts: Sequence[Attempt], *, retry_failed: bool = False
) -> Resolved:
    """The outcome of a request or, if it was too long for its model, of its shorter forms.

    Returns:
        The outcome or None, the form of the request that it belongs to or that is to be asked, and its attempts.
    """
    while True:
        outcome = from_store(request, attempts, retry_failed=retry_failed)
        shorter = shorter_form(outcome)
        if shorter is None:
            return outcome, request, attempts
        request, attempts = shorter, store.lookup([shorter.key]).get(shorter.key, ())


def shorter_form(outcome: Outcome | None) -> Request | None:
    """The shorter request to ask after an outcome that failed because of its length, None if there is none."""
    if outcome is None or outcome.status != "context_length" or outcome.request.shorter is None:
        return None
    return outcome.request.shorter()
