"""The sums of a pass in batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from featdisc_assets.llm.batch.batch_run import BatchRun
from featdisc_assets.llm.batch.batch_store import CREATING, PREPARING, UNDER_WAY


@dataclass(frozen=True, slots=True)
class BatchUsage:
    """What a pass has done so far.

    Attributes:
        batches: Batches sent, and those of earlier runs that were polled.
        under_way: Those that have not ended; after the pass, those that it leaves to a later one.
        submitted: Requests in all of these batches.
        completed: Requests answered, as the provider counts.
        failed: Requests failed, as the provider counts.
        imported: Results stored.
        left: Requests of ended batches without a result: `ask_all` asks them.
        tokens_in: Tokens sent, as reported with the results.
        tokens_out: Tokens received.
        cost_usd: Dollars for them.
        notes: A sentence on each batch that failed or is incomplete.
        seconds: Since the start.
    """

    batches: int = 0
    under_way: int = 0
    submitted: int = 0
    completed: int = 0
    failed: int = 0
    imported: int = 0
    left: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def total_usage(batch_runs: Iterable[BatchRun], notes: Sequence[str], seconds: float) -> BatchUsage:
    """Sum over batches; `notes` go before those on the batches themselves."""
    sent = [batch_run for batch_run in batch_runs if batch_run.batch.state != PREPARING]
    counts = [batch_run.counts for batch_run in sent]
    return BatchUsage(
        batches=len(sent),
        under_way=sum(batch_run.batch.state in (CREATING, UNDER_WAY) for batch_run in sent),
        submitted=sum(batch_run.batch.n_requests for batch_run in sent),
        completed=sum(count.completed for count in counts),
        failed=sum(count.failed for count in counts),
        imported=sum(count.imported for count in counts),
        left=sum(count.left for count in counts),
        tokens_in=sum(count.tokens_in for count in counts),
        tokens_out=sum(count.tokens_out for count in counts),
        cost_usd=sum((count.cost_usd for count in counts), 0.0),
        notes=(*notes, *(batch_run.note for batch_run in sent if batch_run.note)),
        seconds=seconds,
    )
