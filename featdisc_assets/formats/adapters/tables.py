"""Tables with one column per kind, or with a conversation in one column."""

from collections.abc import Mapping
from typing import Any

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.character_account import CharacterAccount
from featdisc_assets.formats.parsing.content import without_data_urls
from featdisc_assets.formats.parsing.conversation import Exchange, is_message_list, read_exchange
from featdisc_assets.formats.parsing.fields import RowFields, build
from featdisc_assets.formats.parsing.json_text import decode_cell
from featdisc_assets.formats.parsing.thoughts import Thought, parse_thoughts, read_answer
from featdisc_assets.transcript import Transcript, Turn

# The first column of each list that has a value is read; the others become metadata. Names are compared in lower case,
# with blanks and hyphens as underscores.
USER_COLUMNS = (
    *("user", "prompt", "question", "instruction", "query", "user_message", "user_prompt", "human", "problem"),
    *("request", "user_text", "input"),
)
THOUGHT_COLUMNS = (
    *("thought", "thoughts", "thinking", "reasoning", "reasoning_content", "thought_text", "chain_of_thought", "cot"),
    *("reasoning_trace", "scratchpad"),
)
RESPONSE_COLUMNS = (
    *("response", "completion", "output", "assistant", "model_response", "model_output", "generation", "answer"),
    *("assistant_message", "response_text", "generated_text"),
)
CONVERSATION_COLUMNS = (
    *("messages", "conversation", "conversations", "chat", "dialogue", "dialog", "trajectory", "transcript", "turns"),
    *("history", "chat_messages", "model_response"),
)


def _conversation(row: Mapping[str, Any]) -> tuple[str, list[Any]] | None:
    """The column that holds a list of messages: the first with a known name, else the only one."""
    for name in CONVERSATION_COLUMNS:
        if name in row and is_message_list(value := decode_cell(row[name], is_message_list)):
            return name, value
    found = [(name, value) for name, value in row.items() if is_message_list(value)]
    return found[0] if len(found) == 1 else None


def _column(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, str]:
    """The first of some columns that holds text, and the text; empty strings if none does."""
    return next(((name, row[name]) for name in names if isinstance(row.get(name), str) and row[name].strip()), ("", ""))


def _thoughts(row: Mapping[str, Any], account: CharacterAccount) -> tuple[str, list[Thought]]:
    """The first thought column with a thought, as text or blocks."""
    for name in THOUGHT_COLUMNS:
        if row.get(name) and any(thought.text for thought in parse_thoughts(row[name], CharacterAccount())):
            return name, parse_thoughts(row[name], account)
    return "", []


def _read(row: object, origin: Origin) -> Transcript:
    if not isinstance(row, dict):
        raise RowError(f"a row of type {type(row).__name__} is neither a record nor a list of messages")
    row = {_canonical(key): value for key, value in row.items()}
    if (conversation := _conversation(row)) is not None:
        name, messages = conversation
        return read_exchange(row, Exchange(messages, consumed={name: messages}), origin)
    found = RowFields(CharacterAccount(tools=origin.tools))
    (user, asked), (response, answer), (thought, thoughts) = (
        _column(row, USER_COLUMNS),
        _column(row, RESPONSE_COLUMNS),
        _thoughts(row, found.account),
    )
    if not (user or response or thought):
        known = "user, thought, response or messages"
        raise RowError(f"no column holds {known} (or an alias); columns: {', '.join(sorted(row))[:300] or 'none'}")
    for kind, names in (("user", USER_COLUMNS), ("thought", THOUGHT_COLUMNS), ("response", RESPONSE_COLUMNS)):
        if any(isinstance(row.get(name), str) for name in names):
            found.account.expected_kinds.add(kind)  # type: ignore[arg-type]
    consumed = {name: row[name] for name in (user, response, thought) if name}
    account = found.account
    asked, answer = account.record(asked), account.record(answer)
    if user == "instruction" and isinstance(row.get("input"), str) and row["input"].strip():
        # Alpaca: the instruction and its input.
        asked = account.join((asked, account.record(row["input"])), "user")
        consumed["input"] = row["input"]
    for name in ("system_prompt", "system_message"):
        if isinstance(row.get(name), str) and not found.system:
            found.system = consumed[name] = account.record(row[name])
            account.drop("system_prompt", len(found.system))
    return build(row, (_turn(asked, thoughts, answer, account),), consumed=consumed, found=found, origin=origin)


def _turn(user: str, thoughts: list[Thought], response: str, account: CharacterAccount) -> Turn:
    answer = read_answer(without_data_urls(response, account, "response"), thoughts, account)
    text, form = answer.thought or ("", None)
    return Turn(
        user=without_data_urls(user, account, "user"),
        thought=without_data_urls(text, account, "thought"),
        response=answer.response,
        thought_form=form,
        is_truncated=answer.is_truncated,
        tool=account.join(answer.tool, "tool"),
    )


def _score(row: object) -> int:
    if not isinstance(row, dict):
        return 0
    if is_message_list(row.get("messages")):
        return 2
    row = {_canonical(key): value for key, value in row.items()}
    if _conversation(row) is not None:
        return 2
    # A user text alone is only read with `format="tables"`.
    return sum(any(name in row for name in names) for names in (THOUGHT_COLUMNS, RESPONSE_COLUMNS))


def _canonical(name: object) -> str:
    return str(name).strip().lower().replace(" ", "_").replace("-", "_")


TABLES = Adapter("tables", _score, _read)
