"""The log in the terminal: one short line per event."""

import logging
import sys
import time

import dagster as dg


class _ShortLines(logging.Handler):
    """Prints what assets log and the start of each step; Dagster's other events are only in the UI."""

    def __init__(self) -> None:
        super().__init__()
        self.started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", None) or {}
        event = meta.get("dagster_event")
        step = meta.get("step_key") or ""
        if event is None and record.levelno >= logging.INFO and step:
            self._print(step, meta.get("orig_message", record.getMessage()))
        elif event is not None and event.event_type_value == "STEP_START":
            self._print(step, "…")

    def _print(self, step: str, message: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self.started:7.1f} s  {step:<17} {message}\n")
        sys.stderr.flush()


def _logger(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("featdisc", level=logging.INFO)
    logger.addHandler(_ShortLines())
    return logger


terminal_logger = dg.LoggerDefinition(logger_fn=_logger, description="One short line per event.")
