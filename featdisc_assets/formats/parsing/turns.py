"""Messages in the order they were sent, gathered into turns."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from featdisc_assets.formats.parsing.character_account import CharacterAccount
from featdisc_assets.transcript import Kind, ThoughtForm, Turn

# From the most to the least that can be read; a turn of several messages takes the first that occurs.
FORMS: tuple[ThoughtForm, ...] = ("raw", "summary", "redacted", "hidden")


@dataclass(slots=True)
class Message:
    """One message of the user, the model or a tool, its thought already told from its answer.

    `tool` is what passed to and from tools, in order; a message of a tool has nothing else.
    """

    role: Literal["user", "assistant", "tool"]
    text: str = ""
    thought: str = ""
    thought_form: ThoughtForm | None = None
    is_truncated: bool = False
    tool: list[str] = field(default_factory=list)


def assemble(messages: Iterable[Message], account: CharacterAccount) -> tuple[Turn, ...]:
    """Gather messages into turns.

    A turn starts at a user message that follows an answer. User messages in a row are one turn, as are assistant
    messages in a row (a model that calls tools answers in pieces); their texts are joined by a blank line. Assistant
    messages before the first user message make a turn without a user text. A tool's message belongs to the turn it
    comes in, and starts none.

    Args:
        messages: all messages, in order.
        account: the row's account.

    Returns:
        The turns, in order.
    """
    turns: list[Turn] = []
    asked: list[Message] = []
    answered: list[Message] = []
    for message in messages:
        if message.role != "user":
            answered.append(message)
            continue
        if any(earlier.role == "assistant" for earlier in answered):
            turns.append(_turn(asked, answered, account))
            asked, answered = [], []
        asked.append(message)
    if asked or answered:
        turns.append(_turn(asked, answered, account))
    return tuple(turns)


def _turn(asked: list[Message], answered: list[Message], account: CharacterAccount) -> Turn:
    forms = {message.thought_form for message in answered}
    own = [message for message in answered if message.role == "assistant"]
    return Turn(
        user=_join([message.text for message in asked], "user", account),
        thought=_join([message.thought for message in answered], "thought", account),
        response=_join([message.text for message in answered], "response", account),
        thought_form=next((form for form in FORMS if form in forms), None),
        # A cut in an earlier message was made good by the next one.
        is_truncated=bool(own) and own[-1].is_truncated,
        tool=_join([text for message in (*asked, *answered) for text in message.tool], "tool", account),
    )


def _join(texts: list[str], kind: Kind, account: CharacterAccount) -> str:
    if len(texts) == 1 and texts[0] and not texts[0].isspace():
        return texts[0]
    return account.join(texts, kind) if texts else ""
