"""The statuses of calls, and how exceptions and answers are classified.

Statuses are stored in the ledger. *Passing* failures may succeed later, so a later run asks again; *final* ones would
fail again, so they are kept; *machine* faults would fail for every piece, so they stop the run at once.
"""

import email.utils
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from featdisc_assets.errors import FeatdiscError

OK = ("ok", "repaired", "too_few")
PASSING = ("rate_limited", "timeout", "connection", "server_error", "empty")
FINAL = ("truncated", "invalid", "refused", "content_filter", "context_length", "rejected")
MACHINE = ("auth", "quota", "unknown_model")
# Received and stored, not validated yet: only a killed run leaves this behind.
ANSWERED = "answered"

_EXCERPT = 300


class ModelError(FeatdiscError):
    """A model that cannot be asked; the message is one sentence with what to do."""


class MachineFault(FeatdiscError):  # noqa: N818  (part of the interface)
    """A failure that every further call would share; the message is one sentence with what to do.

    Attributes:
        status: `auth`, `quota`, `unknown_model`, `budget`, `rules`, or the failure of many requests in a row.
    """

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class CallFailedError(Exception):
    """A call that ended without an answer; carries its status up through instructor."""

    def __init__(self, status: str, error: str) -> None:
        super().__init__(f"{status}: {error}")
        self.status = status
        self.error = error


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What came of one attempt: its status, the cause of a failure in a line, and the wait the server asked for."""

    status: str
    error: str
    retry_after_s: float | None = None


_CODES = {401: "auth", 403: "auth", 402: "quota", 404: "unknown_model", 408: "timeout", 429: "rate_limited"}
# "litellm.RateLimitError: RateLimitError: OpenAIException - " before the provider's message.
_WRAPPERS = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception)\s*[:-]\s*)+")
# Providers share no codes for these, only phrases.
_PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "quota",
        re.compile(r"insufficient[_ ]quota|exceeded your current quota|insufficient balance|credit balance is too low"),
    ),
    (
        "context_length",
        re.compile(r"context[_ ]length|context window|maximum context|prompt is too long|too many tokens"),
    ),
    (
        "content_filter",
        re.compile(r"content[_ ](filter|policy|management)|responsible ai|safety system|flagged|moderation"),
    ),
    ("unknown_model", re.compile(r"model[_ ]not[_ ]found|model .{0,80}does not exist|unknown model|no such model")),
    ("auth", re.compile(r"invalid[_ ](x-)?api[_ -]key|incorrect api key|authentication[_ ]error|api key not valid")),
)


def classify(error: BaseException) -> AttemptResult:
    """The result of an attempt that raised an exception of litellm, of the network or of our own timeout."""
    line = excerpt(_WRAPPERS.sub("", str(error)) or type(error).__name__)
    words = str(error).lower()
    name = type(error).__name__
    code = getattr(error, "status_code", None)
    wait = retry_after(getattr(error, "litellm_response_headers", None) or getattr(error, "headers", None))
    if isinstance(error, TimeoutError) or name == "Timeout":
        return AttemptResult("timeout", "there was no full answer in time", wait)
    # litellm reports a reset as an internal server error, and an unreadable 200 as a connection error; both may pass.
    if name == "APIConnectionError" or isinstance(error, OSError) or "connection error" in words:
        return AttemptResult("connection", line, wait)
    if isinstance(code, int) and code < 500:
        for status, pattern in _PHRASES:
            if pattern.search(words):
                return AttemptResult(status, line, wait)
        return AttemptResult(_CODES.get(code, "rejected"), line, wait)
    return AttemptResult("server_error", line, wait)


def retry_after(headers: Mapping[str, Any] | None) -> float | None:
    """Seconds to wait by a response's headers: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    if not headers:
        return None
    found = {str(name).lower(): str(value) for name, value in headers.items()}
    try:
        if "retry-after-ms" in found:
            return max(0.0, float(found["retry-after-ms"]) / 1000)
        value = found.get("retry-after")
        if value is None:
            return None
        if re.fullmatch(r"\s*\d+(\.\d*)?\s*", value):
            return float(value)
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None  # an unreadable header is ignored


_REFUSAL = re.compile(
    r"\W*(i['’]?m sorry|i am sorry|sorry,|i can(['’]t|not)|i(['’]m| am) (unable|not able)|i won['’]t|i must decline)",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """True for a refusal in prose; a re-ask for JSON would only be refused again."""
    return "{" not in text and "[" not in text and _REFUSAL.match(text) is not None


_SECRET_NAME = re.compile(r"(_KEY|_TOKEN|_SECRET|_PASSWORD)$", re.IGNORECASE)
_SECRET_PATTERN = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}|(?<=Bearer )\S+|(?<=://)[^/@\s]+(?=@)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text without secrets: keys of the environment, strings that look like keys, passwords in addresses."""
    for name, value in os.environ.items():
        if len(value) >= 8 and value in text and _SECRET_NAME.search(name):
            text = text.replace(value, f"[{name}]")
    return _SECRET_PATTERN.sub("[secret]", text)


def excerpt(text: str) -> str:
    """The text as one line of at most 300 characters, without secrets: providers repeat keys in their errors."""
    text = " ".join(redact(text).split())
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


def machine_fault(status: str, model: str, server: str, error: str, count: int = 0) -> MachineFault:
    """The fault that stops a run: what is wrong and what to do, in a sentence.

    Args:
        status: The failure.
        model: The model asked.
        server: Its address or provider.
        error: The cause in a line.
        count: Requests that ended so, for a failure that is a machine fault only because of their number.
    """
    server = redact(server)
    what = {
        "auth": f"{server} refused the key for {model!r}; set a valid one in the environment",
        "quota": f"the account for {model!r} at {server} has no credit left; top it up or choose another model",
        "unknown_model": f"{server} does not know the model {model!r}; check its name and the server's address",
        "rejected": f"{server} rejected {count} requests to {model!r} in a row; check the model's parameters",
        "connection": f"{server} could not be reached by {count} requests; check its address and that it runs",
        "truncated": f"all of the first {count} answers of {model!r} reached their limit of tokens; raise max_tokens",
        "invalid": f"none of the first {count} answers of {model!r} could be read; choose a model that writes JSON",
    }.get(status) or f"{server} left {count} requests to {model!r} without an answer ({status}); see whether it is up"
    return MachineFault(status, f"{what}, then run again: every answer so far is kept ({error})")


def rules_failed(subject_id: str, error: BaseException) -> MachineFault:
    """The fault of `surface/v1` rules that raised an exception; `error` is litellm's wrapper of it."""
    while error.__context__ is not None:
        error = error.__context__
    cause = excerpt(f"{type(error).__name__}: {error}")
    return MachineFault(
        "rules", f"the rules of surface/v1 failed on {subject_id} ({cause}); report it, or use another model"
    )
