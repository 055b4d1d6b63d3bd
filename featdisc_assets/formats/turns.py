"""Messages in the order they were sent, gathered into turns."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from featdisc_assets.transcript import ThoughtForm, Turn

# From the most to the least that can be read; a turn of several messages takes the first that occurs.
FORMS: tuple[ThoughtForm, ...] = ("raw", "summary", "redacted", "hidden")


@dataclass(slots=True)
class Message:
    """One message of the user or the model, its thought already told from its answer."""

    role: Literal["user", "assistant"]
    text: str
    thought: str = ""
    thought_form: ThoughtForm | None = None
    is_truncated: bool = False


def assemble(messages: Iterable[Message]) -> tuple[Turn, ...]:
    """Gather messages into turns.

    A turn starts at a user message that follows an answer. User messages in a row are one turn, as are assistant
    messages in a row (a model that calls tools answers in pieces); their texts are joined by a blank line. Assistant
    messages before the first user message make a turn without a user text.

    Args:
        messages: user and assistant messages only, in order.

    Returns:
        The turns, in order.
    """
    turns: list[Turn] = []
    asked: list[Message] = []
    answered: list[Message] = []
    for message in messages:
        if message.role == "assistant":
            answered.append(message)
            continue
        if answered:
            turns.append(_turn(asked, answered))
            asked, answered = [], []
        asked.append(message)
    if asked or answered:
        turns.append(_turn(asked, answered))
    return tuple(turns)


def _turn(asked: list[Message], answered: list[Message]) -> Turn:
    if len(asked) == 1 and len(answered) == 1:
        only = answered[0]
        return Turn(asked[0].text, only.thought, only.text, only.thought_form, only.is_truncated)
    forms = {message.thought_form for message in answered}
    return Turn(
        user=_join(message.text for message in asked),
        thought=_join(message.thought for message in answered),
        response=_join(message.text for message in answered),
        thought_form=next((form for form in FORMS if form in forms), None),
        # A cut in an earlier message was made good by the next one.
        is_truncated=bool(answered) and answered[-1].is_truncated,
    )


def _join(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text and not text.isspace())
