"""OpenAI chat rows: every shape a chat comes in, its contents, turns and tool traffic."""

import datetime as dt
import json
from typing import Any

import pytest

from featdisc_assets.formats.adapter import Origin, RowError
from featdisc_assets.formats.adapters.openai_chat import OPENAI_CHAT
from featdisc_assets.transcript import Transcript, Turn
from tests.formats.accounts import drops, is_balanced

ASK = {"role": "user", "content": "Why?"}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def read(row: object) -> Transcript:
    return OPENAI_CHAT.read(row, Origin("chats.jsonl"))


def answer(content: object = "So.", **fields: object) -> dict[str, Any]:
    return {"messages": [ASK, {"role": "assistant", "content": content, **fields}]}


SHAPES = {
    "messages": answer(),
    "a bare list": [ASK, {"role": "assistant", "content": "So."}],
    "messages as JSON text": {"messages": json.dumps([ASK, {"role": "assistant", "content": "So."}])},
    "messages and choices": {"messages": [ASK], "choices": [{"message": {"role": "assistant", "content": "So."}}]},
    "messages and a text": {"messages": [ASK], "response": "So."},
    "messages and a message": {"messages": [ASK], "response": {"role": "assistant", "content": "So."}},
    "request and response": {
        "request": {"model": "m", "messages": [ASK]},
        "response": {"choices": [{"message": {"role": "assistant", "content": "So."}}]},
    },
    "request and response as JSON text": {
        "request": json.dumps({"messages": [ASK]}),
        "response": json.dumps({"choices": [{"message": {"role": "assistant", "content": "So."}}]}),
    },
    "the answer logged twice": {
        "messages": [ASK, {"role": "assistant", "content": "So."}],
        "choices": [{"message": {"role": "assistant", "content": "So."}}],
    },
    "an output that is not the answer": {
        "messages": [ASK, {"role": "assistant", "content": "So."}],
        "output": "grade: A",
    },
    "prompt and completion": {"prompt": [ASK], "completion": [{"role": "assistant", "content": "So."}]},
    "a prompt and a message": {"prompt": "Why?", "response": {"role": "assistant", "content": "So."}},
    "a completion": {"prompt": "Why?", "choices": [{"text": "So."}]},
    "batch input and output": {
        "body": {"messages": [ASK]},
        "response": {"status_code": 200, "body": {"choices": [{"message": {"role": "assistant", "content": "So."}}]}},
    },
    "Ollama": {"messages": [ASK], "message": {"role": "assistant", "content": "So."}, "done": True},
}


@pytest.mark.parametrize("row", SHAPES.values(), ids=SHAPES.keys())
def test_a_chat_is_found_wherever_it_stands(row: object) -> None:
    assert OPENAI_CHAT.score(row) > 0
    assert read(row).turns == (Turn("Why?", "", "So."),)


def test_batch_output_has_no_user_turn() -> None:
    message = {"role": "assistant", "content": "So."}
    body = {"id": "chatcmpl-1", "model": "m-2024", "created": 1_700_000_000, "choices": [{"message": message}]}
    found = read({"id": "batch_req_1", "custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None})
    assert found.turns == (Turn("", "", "So."),)
    assert (found.transcript_id, found.model, found.metadata) == ("batch_req_1", "m-2024", {"custom_id": "a"})
    assert found.created_at == dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)


CONTENTS: dict[str, tuple[object, str, dict[str, int]]] = {
    "null": (None, "", {}),
    "empty": ("", "", {}),
    "parts": ([{"type": "text", "text": "So."}, {"type": "text", "text": "Thus."}], "So.\n\nThus.", {}),
    "a refusal part": ([{"type": "refusal", "refusal": "No."}], "No.", {}),
    "one part": ({"text": "So."}, "So.", {}),
    "one part with calls": ({"text": "So.", "tool_calls": [{"id": "1"}]}, "So.", {"tool_call": 1}),
    "an image": ([{"type": "image_url", "image_url": {"url": PIXEL}}], "", {"image": 1}),
    "audio": ([{"type": "input_audio", "input_audio": {"data": "UklG"}}], "", {"audio": 1}),
    "a data URL in the text": (f"See ![it]({PIXEL}).", "See ![it]([image/png data]).", {"data_url": 1}),
    "a number": (7, "", {"unknown_part": 1}),
}


@pytest.mark.parametrize(("content", "text", "dropped"), CONTENTS.values(), ids=CONTENTS.keys())
def test_content_of_every_shape(content: object, text: str, dropped: dict[str, int]) -> None:
    found = read(answer(content))
    assert found.turns == (Turn("Why?", "", text),)
    assert drops(found) == dropped
    assert is_balanced(found)


def test_a_refusal_is_the_response() -> None:
    assert read(answer(None, refusal="No.")).turns[0].response == "No."


def test_tool_traffic_is_counted_and_kept_out() -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": "{not json"}}
    found = read(
        {
            "messages": [
                ASK,
                {"role": "assistant", "content": "Let me look.", "tool_calls": [call, call]},
                {"role": "tool", "tool_call_id": "1", "content": "42"},
                {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
                {"role": "function", "name": "f", "content": "43"},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "2", "content": "44"}]},
                {"role": "assistant", "content": "It is 42."},
            ]
        }
    )
    assert found.turns == (Turn("Why?", "", "Let me look.\n\nIt is 42."),)
    assert drops(found) == {"tool_call": 3, "tool_result": 3}


def message(role: str, content: str = "") -> dict[str, str]:
    return {"role": role, "content": content}


TURNS: dict[str, tuple[list[dict[str, str]], tuple[Turn, ...]]] = {
    "two rounds": (
        [message("user", "a"), message("assistant", "b"), message("user", "c"), message("assistant", "d")],
        (Turn("a", "", "b"), Turn("c", "", "d")),
    ),
    "users in a row": (
        [message("user", "a"), message("user", "b"), message("assistant", "c")],
        (Turn("a\n\nb", "", "c"),),
    ),
    "assistants in a row": (
        [message("user", "a"), message("assistant", "b"), message("assistant", "c")],
        (Turn("a", "", "b\n\nc"),),
    ),
    "the assistant first": (
        [message("assistant", "a"), message("user", "b"), message("assistant", "c")],
        (Turn("", "", "a"), Turn("b", "", "c")),
    ),
    "no answer yet": (
        [message("user", "a"), message("assistant", "b"), message("user", "c")],
        (Turn("a", "", "b"), Turn("c")),
    ),
    "an empty answer": ([message("user", "a"), message("assistant"), message("user", "b")], (Turn("a"), Turn("b"))),
    "a tool between users": ([message("user", "a"), message("tool", "b"), message("user", "c")], (Turn("a\n\nc"),)),
    "a tag in the user's text": ([message("user", "<think>a</think>")], (Turn("<think>a</think>"),)),
}


@pytest.mark.parametrize(("messages", "turns"), TURNS.values(), ids=TURNS.keys())
def test_messages_are_gathered_into_turns(messages: list[dict[str, str]], turns: tuple[Turn, ...]) -> None:
    assert read({"messages": messages}).turns == turns


def test_system_and_developer_messages_are_metadata() -> None:
    messages = [message("system", "Be kind."), message("developer", "Be brief."), ASK]
    assert read({"messages": messages}).metadata == {"system": "Be kind.\n\nBe brief."}


def test_unknown_roles_are_counted() -> None:
    assert drops(read({"messages": [message("critic", "Bad."), ASK]})) == {"role:critic": 1}


CUT = {
    "choice": {
        "messages": [ASK],
        "choices": [{"message": {"role": "assistant", "content": "So"}, "finish_reason": "length"}],
    },
    "row": answer() | {"finish_reason": "length"},
    "Ollama": {
        "messages": [ASK],
        "message": {"role": "assistant", "content": "So"},
        "done": True,
        "done_reason": "length",
    },
    "thought": answer("<think>Hm"),
}


@pytest.mark.parametrize("row", CUT.values(), ids=CUT.keys())
def test_a_text_that_was_cut_off_says_so(row: object) -> None:
    assert read(row).turns[-1].is_truncated
    assert not read(answer() | {"finish_reason": "stop"}).turns[-1].is_truncated


def test_other_choices_are_counted() -> None:
    choices = [{"message": message("assistant", text)} for text in ("So.", "Thus.")]
    found = read({"messages": [ASK], "choices": choices})
    assert found.turns[0].response == "So."
    assert drops(found) == {"other_choice": 1}


NOT_CHATS: dict[str, tuple[object, str]] = {
    "no messages": ({"messages": []}, "no user or assistant message; roles found: none"),
    "only a system message": ({"messages": [message("system", "Be kind.")]}, "roles found: system"),
    "no text": ({"messages": [message("user")]}, "no text in any message"),
    "a text among the messages": ({"messages": [ASK, "So."]}, "message 2 is of type str"),
    "a failed request": (
        {"custom_id": "a", "response": {"status_code": 400, "body": {"error": {"message": "too long"}}}},
        "the request failed: {'message': 'too long'}",
    ),
    "an expired request": ({"custom_id": "a", "response": None, "error": {"code": "expired"}}, "the request failed"),
    "something else": ({"x": 1}, "no OpenAI chat"),
}


@pytest.mark.parametrize(("row", "reason"), NOT_CHATS.values(), ids=NOT_CHATS.keys())
def test_a_row_without_a_chat_is_refused_with_a_reason(row: object, reason: str) -> None:
    with pytest.raises(RowError) as error:
        read(row)
    assert reason in str(error.value)
