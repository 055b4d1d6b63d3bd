"""An event loop whose time passes at once: it leaps to whatever is due next, so minutes of waiting take no time."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class FakeTimeLoop(asyncio.SelectorEventLoop):
    """A loop that begins at second 0 and never sleeps; code that takes long to run takes no time in it."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_Leaps(self))

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now


class _Leaps(selectors.DefaultSelector):
    def __init__(self, loop: FakeTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and nothing is due: a deadlock")
        self._loop.now += max(0.0, timeout)
        found: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        return found


def run(main: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, run to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
        return runner.run(main)
