"""What came of one batch, and the sums of a pass over many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from featdisc_assets.llm.batch.batch_store import CREATING, PREPARING, UNDER_WAY, Batch


@dataclass(slots=True)
class Counts:
    """What came of one batch so far.

    Attributes:
        completed: Requests answered, by the provider's count.
        failed: Requests failed, by the provider's count.
        imported: Results stored.
        left: Requests without a result after the end of the batch: `ask_all` asks them.
        tokens_in: Tokens sent, as reported; `tokens_out` those received, `cost_usd` dollars for both.
    """

    completed: int = 0
    failed: int = 0
    imported: int = 0
    left: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0


@dataclass(slots=True)
class BatchUsage(Counts):
    """What a pass has done so far: the sums over its batches, and more.

    Attributes:
        batches: Batches sent, and those of earlier runs that were polled.
        under_way: Those that have not ended; after the pass, those that it leaves to a later one.
        submitted: Requests in all of these batches.
        notes: A sentence on each batch that failed or is incomplete.
        seconds: Since the start.
    """

    batches: int = 0
    under_way: int = 0
    submitted: int = 0
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def total_usage(
    batches: Iterable[tuple[Batch, Counts, str | None]], notes: Sequence[str], seconds: float
) -> BatchUsage:
    """Sum over batches with their counts and notes; `notes` go before those."""
    sent = [entry for entry in batches if entry[0].state != PREPARING]
    total = BatchUsage(
        batches=len(sent),
        under_way=sum(batch.state in (CREATING, UNDER_WAY) for batch, _, _ in sent),
        submitted=sum(batch.n_requests for batch, _, _ in sent),
        notes=(*notes, *(note for _, _, note in sent if note)),
        seconds=seconds,
    )
    for field in fields(Counts):
        zero = getattr(total, field.name)
        setattr(total, field.name, sum((getattr(counts, field.name) for _, counts, _ in sent), zero))
    return total
