"""Group messages into turns."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from featdisc_assets.formats.parsing.character_account import CharacterAccount
from featdisc_assets.transcript import ThoughtForm, Turn

# Most readable first; a turn of several messages has the first form that occurs.
FORMS: tuple[ThoughtForm, ...] = ("raw", "summary", "redacted", "hidden")


@dataclass(slots=True)
class Message:
    """One message of the user, the model or a tool, its thought split from its text.

    `tool` holds tool calls and results in order; a message of a tool has nothing else.
    """

    role: Literal["user", "assistant", "tool"]
    text: str = ""
    thought: str = ""
    thought_form: ThoughtForm | None = None
    is_truncated: bool = False
    tool: list[str] = field(default_factory=list)


def assemble(messages: Iterable[Message], account: CharacterAccount) -> tuple[Turn, ...]:
    """Group messages into turns.

    A turn starts at a user message that follows an answer. Consecutive messages of one role belong to one turn, their
    texts joined by a blank line (a model that calls tools answers in several messages). Assistant messages before the
    first user message are a turn without user text. A tool message never starts a turn.

    Args:
        messages: all messages, in order.
        account: the row's account.
    """
    turns: list[Turn] = []
    user_messages: list[Message] = []
    replies: list[Message] = []
    for message in messages:
        if message.role != "user":
            replies.append(message)
            continue
        if any(earlier.role == "assistant" for earlier in replies):
            turns.append(_turn(user_messages, replies, account))
            user_messages, replies = [], []
        user_messages.append(message)
    if user_messages or replies:
        turns.append(_turn(user_messages, replies, account))
    return tuple(turns)


def _turn(user_messages: list[Message], replies: list[Message], account: CharacterAccount) -> Turn:
    forms = {message.thought_form for message in replies}
    own = [message for message in replies if message.role == "assistant"]
    return Turn(
        user=account.join((message.text for message in user_messages), "user"),
        thought=account.join((message.thought for message in replies), "thought"),
        response=account.join((message.text for message in replies), "response"),
        thought_form=next((form for form in FORMS if form in forms), None),
        # An earlier truncated message was continued by the next one.
        is_truncated=bool(own) and own[-1].is_truncated,
        tool=account.join((text for message in (*user_messages, *replies) for text in message.tool), "tool"),
    )
