"""The rate limits of the test server: over a sliding window, with all forms of `retry-after`.

limiter = Limiter(requests_per_minute=300)
with Loopback(limiter=limiter):
    ...
assert not limiter.turned_away
"""

import email.utils
import math
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiohttp import web

from featdisc_assets.llm.tokens import count_tokens

Header: TypeAlias = Literal["seconds", "date", "ms"] | None


@dataclass(slots=True)
class _Entry:
    at: float
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """The exceeded limit (`requests`, `tokens` or `in_flight`), and the seconds after which the request would pass."""

    reason: str
    wait_s: float | None


class Limiter:
    """Limits of requests and tokens a window, and of requests at a time; None for no limit.

    Args:
        requests_per_minute: Requests let in during a window at most.
        tokens_per_minute: Tokens of a window at most: those of prompts from arrival, those of answers when given.
        most_in_flight: Requests held at a time at most; this limit names no time to come back.
        window_s: Seconds of the window, a minute unless a test is in a hurry.
        retry_after: The form of the wait in a refusal: `retry-after` in seconds or as a date, `retry-after-ms`, or
            not at all.
        clock: The time in seconds.

    Attributes:
        let_in: Requests let in.
        turned_away: Requests turned away, by the limit in their way.
    """

    def __init__(
        self,
        *,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        most_in_flight: int | None = None,
        window_s: float = 60.0,
        retry_after: Header = "seconds",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = math.inf if requests_per_minute is None else requests_per_minute
        self._tokens = math.inf if tokens_per_minute is None else tokens_per_minute
        self._at_a_time = math.inf if most_in_flight is None else most_in_flight
        self._window_s, self._retry_after, self._clock = window_s, retry_after, clock
        self.let_in = 0
        self.turned_away: Counter[str] = Counter()
        self._held = 0
        self._window: deque[_Entry] = deque()
        self._log: list[_Entry] = []
        self._of: dict[int, _Entry] = {}  # by the id of the HTTP request, which exists as long

    @property
    def most_requests(self) -> int:
        """The requests of the busiest window, those refused ones included."""
        return self._busiest(lambda entry: 1)

    @property
    def most_tokens(self) -> int:
        """The tokens of the window with most of them; counted only under a limit of tokens."""
        return self._busiest(lambda entry: entry.tokens)

    def enter(self, tokens: int = 0) -> _Entry | Refusal:
        """Admit a request, or return why not.

        A request above the whole limit of tokens passes when the window is empty.
        """
        now = self._clock()
        while self._window and self._window[0].at <= now - self._window_s:
            self._window.popleft()
        entry = _Entry(now)
        self._log.append(entry)
        if refusal := self._refusal(now, tokens):
            self.turned_away[refusal.reason] += 1
            return refusal
        entry.tokens = tokens
        self._window.append(entry)
        self._held += 1
        self.let_in += 1
        return entry

    def leave(self) -> None:
        """End an admitted request."""
        self._held -= 1

    def turn_away(self, request: web.Request, prompt: str) -> web.Response | None:
        """The response to a request beyond a limit, None if it is admitted."""
        found = self.enter(0 if self._tokens == math.inf else count_tokens(prompt))
        if isinstance(found, _Entry):
            self._of[id(request)] = found
            return None
        error = {"message": f"Rate limit reached for {found.reason}", "type": found.reason, "param": None}
        body = {"error": error | {"code": "rate_limit_exceeded"}}
        return web.json_response(body, status=429, headers=_headers(found.wait_s, self._retry_after))

    def bill(self, request: web.Request, tokens_out: int) -> None:
        """Count the answer's tokens of an admitted request."""
        if self._tokens != math.inf:
            self._of[id(request)].tokens += tokens_out

    def let_go(self, request: web.Request) -> None:
        """End a request, admitted or not."""
        if self._of.pop(id(request), None) is not None:
            self.leave()

    def _refusal(self, now: float, tokens: int) -> Refusal | None:
        if self._held >= self._at_a_time:
            return Refusal("in_flight", None)
        if len(self._window) >= self._requests:
            return Refusal("requests", self._window[0].at + self._window_s - now)
        over = sum(entry.tokens for entry in self._window) + tokens - self._tokens
        wait_s = None
        for entry in self._window:
            if over <= 0:
                break
            over -= entry.tokens
            wait_s = entry.at + self._window_s - now
        return None if wait_s is None else Refusal("tokens", wait_s)

    def _busiest(self, weight: Callable[[_Entry], int]) -> int:
        most, total, first = 0, 0, 0
        for entry in self._log:
            total += weight(entry)
            while self._log[first].at <= entry.at - self._window_s:
                total -= weight(self._log[first])
                first += 1
            most = max(most, total)
        return most


def _headers(wait_s: float | None, form: Header) -> dict[str, str]:
    if wait_s is None or form is None:
        return {}
    if form == "ms":
        return {"retry-after-ms": str(math.ceil(wait_s * 1000))}
    if form == "date":
        # A date has whole seconds only.
        return {"Retry-After": email.utils.formatdate(math.ceil(time.time() + wait_s), usegmt=True)}
    return {"Retry-After": f"{wait_s:.3f}"}
