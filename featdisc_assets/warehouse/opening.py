"""Open a DuckDB file, with waiting for other processes."""

import logging
import re
import time
from pathlib import Path

import duckdb

from featdisc_assets.errors import FeatdiscError

log = logging.getLogger("featdisc.warehouse")


class WarehouseBusyError(FeatdiscError):
    """Another process held the file for longer than the limit."""


def open_file(path: Path, *, memory_limit: str, lock_timeout_s: float, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A connection to a DuckDB file, after waiting for another process to release it.

    Raises:
        WarehouseBusyError: Another process held the file for `lock_timeout_s` seconds.
    """
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory_limit}
    started = time.monotonic()
    pause, warned = 0.005, started
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=config)
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            waited = time.monotonic() - started
            if waited > lock_timeout_s:
                raise WarehouseBusyError(
                    f"{path} has been held by {_holder(str(error))} for {waited:.0f} s, above the limit"
                    f" of {lock_timeout_s:.0f} s; close it there and run again."
                ) from error
            if time.monotonic() - warned > 5:
                warned = time.monotonic()
                log.warning("waiting for %s: held by %s", path, _holder(str(error)))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)  # a longer pause starves readers beside a busy writer


def _holder(message: str) -> str:
    found = re.search(r"held in (.+?)(?: by user .*?)?\. See", message)
    return found[1] if found else "another process"
