"""Parses an answer's text into its model, and strips what stands around its JSON."""

import re

from pydantic import ValidationError

from featdisc_assets.llm.answers import Answer
from featdisc_assets.llm.faults import excerpt

_THOUGHTS = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL | re.IGNORECASE)
_OPENERS = {"{": "}", "[": "]"}


def extract_json(text: str) -> str:
    """The JSON in an answer, without thoughts, code fence or prose around it; the text itself if there is none."""
    text = _THOUGHTS.sub("", text).strip()
    if text[:1] in _OPENERS and text.endswith(_OPENERS[text[0]]):
        return text
    if block := _BLOCK.search(text):
        text = block[1].strip()
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        return text
    start = min(starts)
    end = text.rfind(_OPENERS[text[start]])
    return text[start : end + 1] if end > start else text


def parse_answer(raw: str, answer: type[Answer]) -> tuple[Answer | None, bool]:
    """Parse an answer.

    Returns:
        The answer, None if it cannot be parsed; and whether it had to be stripped to its JSON first.
    """
    try:
        return answer.model_validate_json(raw), False
    except ValidationError:
        json_text = extract_json(raw)
    if json_text == raw:
        return None, False
    try:
        return answer.model_validate_json(json_text), True
    except ValidationError:
        return None, False


def describe_error(error: BaseException) -> str:
    """What is wrong with an answer, in a line."""
    if not isinstance(error, ValidationError):
        return excerpt(f"{type(error).__name__}: {error}")
    parts = (f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}" for one in error.errors(include_url=False))
    return excerpt("; ".join(parts))
