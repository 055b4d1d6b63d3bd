"""Progress of requests: a line in the log every few seconds, numbers on the asset's page every minute."""

from collections import deque

import dagster as dg

from featdisc_assets.llm.batch.batch_usage import BatchUsage
from featdisc_assets.llm.progress import Progress

SECONDS_A_LINE = 5.0
SECONDS_AN_OBSERVATION = 60.0
# The window that the rate is measured over, and the least that gives a rate.
_RECENT_S = 60.0
_ENOUGH_S = 3.0


class TimeLeft:
    """Time left, by the rate of the last minute.

    Args:
        total: Number of requests.
        to_ask: How many have no stored answer, None if unknown.
    """

    def __init__(self, total: int, to_ask: int | None = None) -> None:
        self._total, self._to_ask = total, to_ask
        self._seen: deque[tuple[float, int]] = deque([(0.0, 0)])

    def after(self, progress: Progress) -> float | None:
        """Seconds left, None if unknown yet. Call it with every progress report."""
        now, asked = progress.seconds, progress.done - progress.from_store
        if not asked:
            self._seen.clear()  # stored answers take no time worth measuring
        self._seen.append((now, asked))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _RECENT_S:
            self._seen.popleft()
        left = self._total - progress.done
        if self._to_ask is not None and asked <= self._to_ask:
            left = min(left, self._to_ask - asked)
        then, before = self._seen[0]
        if left <= 0:
            return 0.0
        if asked == before or now - then < _ENOUGH_S:
            return None
        return left * (now - then) / (asked - before)


class ProgressLog:
    """Logs the progress of one pass over requests; the arguments are those of `model_calls.ask_model`."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        *,
        asset: str,
        what: str,
        total: int,
        to_ask: int | None,
        max_concurrency: int,
    ) -> None:
        self._context, self._asset, self._what = context, asset, what
        self._total, self._max_concurrency = total, max_concurrency
        self._left = TimeLeft(total, to_ask)
        self._line_at = 0.0
        self._observation_at = 0.0
        self._is_over = False

    def report(self, progress: Progress) -> None:
        """Log the progress if it is time, or the end."""
        left = self._left.after(progress)
        over = progress.done >= self._total
        if self._is_over:
            return
        self._is_over = over
        if over or progress.seconds - self._line_at >= SECONDS_A_LINE:
            self._line_at = progress.seconds
            self._context.log.info(
                line(self._what, self._total, progress, seconds_left=left, max_concurrency=self._max_concurrency)
            )
        if progress.requests and (over or progress.seconds - self._observation_at >= SECONDS_AN_OBSERVATION):
            self._observation_at = progress.seconds
            metadata = {"asked about": self._what, **numbers(progress, total=self._total, seconds_left=left)}
            self._context.log_event(dg.AssetObservation(asset_key=self._asset, metadata=metadata))


class BatchProgressLog:
    """Logs the progress of batches: a line when it changes, numbers on the asset's page every minute."""

    def __init__(self, context: dg.AssetExecutionContext, *, asset: str) -> None:
        self._context, self._asset = context, asset
        self._line = ""
        self._line_at = -SECONDS_A_LINE
        self._observation_at = 0.0

    def report(self, usage: BatchUsage) -> None:
        """Log the progress if it is time, or the end."""
        now, over = usage.seconds, not usage.under_way
        text = batch_line(usage)
        if text != self._line and (over or now - self._line_at >= SECONDS_A_LINE):
            self._line, self._line_at = text, now
            self._context.log.info(text)
        if usage.batches and now - self._observation_at >= SECONDS_AN_OBSERVATION:
            self._observation_at = now
            metadata = {name: getattr(usage, name) for name in _BATCH_NUMBERS}
            self._context.log_event(dg.AssetObservation(asset_key=self._asset, metadata=metadata))


_BATCH_NUMBERS = (
    "batches", "under_way", "submitted", "completed", "failed", "imported", "tokens_in", "tokens_out", "cost_usd",
)  # fmt: skip


def batch_line(usage: BatchUsage) -> str:
    """One line on the progress of batches."""
    parts = [f"batches: {usage.batches:,} submitted", f"{usage.under_way:,} in progress"]
    if usage.submitted:
        parts.append(f"{usage.completed:,} of {usage.submitted:,} texts answered")
    if usage.failed:
        parts.append(f"{usage.failed:,} failed")
    if usage.imported:
        parts.append(f"{usage.imported:,} results stored")
        parts.append(f"{short_count(usage.tokens_in)} tokens in, {short_count(usage.tokens_out)} out")
    if usage.cost_usd:
        parts.append(f"${usage.cost_usd:,.2f}")
    return " · ".join(parts)


def line(
    what: str, total: int, progress: Progress, *, seconds_left: float | None = None, max_concurrency: int = 0
) -> str:
    """One line of progress without figures that are zero; it says when throttling is below `max_concurrency`."""
    parts = [f"{what}: {progress.done:,} of {total:,} done"]
    if progress.from_store:
        parts.append(f"{progress.from_store:,} already answered")
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if progress.in_flight:
        parts.append(f"{progress.in_flight:,} in flight")
    if progress.throttled and progress.concurrency < max_concurrency:
        parts.append(f"throttled to {progress.concurrency:,} at a time")
    if progress.requests:
        parts.append(f"{progress.requests_a_minute:,.0f} requests a minute")
        parts.append(f"{short_count(progress.tokens_in)} tokens in, {short_count(progress.tokens_out)} out")
    if progress.cost_usd:
        parts.append(f"${progress.cost_usd:,.2f}")
    if progress.n_unpriced:
        parts.append(f"{progress.n_unpriced:,} answers with unknown price")
    if seconds_left:
        parts.append(f"{_duration(seconds_left)} left")
    return " · ".join(parts)


def numbers(progress: Progress, *, total: int, seconds_left: float | None = None) -> dict[str, float | int]:
    """The same figures as numbers, which the UI plots over time."""
    found: dict[str, float | int] = {
        "done": progress.done,
        "total": total,
        "already answered": progress.from_store,
        "failed": progress.failed,
        "in flight": progress.in_flight,
        "concurrency": progress.concurrency,
        "throttled": progress.throttled,
        "requests": progress.requests,
        "requests a minute": round(progress.requests_a_minute, 1),
        "tokens in": progress.tokens_in,
        "tokens out": progress.tokens_out,
        "dollars": round(progress.cost_usd, 6),
        "answers with unknown price": progress.n_unpriced,
        "minutes elapsed": round(progress.seconds / 60, 2),
    }
    if seconds_left is not None:
        found["minutes left"] = round(seconds_left / 60, 2)
    return found


def short_count(count: int) -> str:
    """A count in two or three digits: 812, 4.1M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= 10 * size:
            return f"{count / size:,.0f}{unit}"
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
