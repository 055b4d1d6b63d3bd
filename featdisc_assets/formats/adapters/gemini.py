"""Gemini: `contents` of parts with candidates, in either spelling, and AI Studio's saved prompts."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from featdisc_assets.formats.adapter import Adapter, Origin, RowError
from featdisc_assets.formats.parsing.character_account import CharacterAccount, tool_call, tool_result
from featdisc_assets.formats.parsing.content import without_data_urls
from featdisc_assets.formats.parsing.conversation import read_envelopes
from featdisc_assets.formats.parsing.fields import RowFields, build
from featdisc_assets.formats.parsing.thoughts import Thought, read_answer
from featdisc_assets.formats.parsing.turns import Message, assemble
from featdisc_assets.transcript import Kind, Transcript

_REQUESTS = ("request", "body")
_SYSTEM = ("systemInstruction", "system_instruction")
_CUT = ("MAX_TOKENS", "FinishReason.MAX_TOKENS")
_CALLS = ("functionCall", "function_call", "executableCode", "executable_code")
_RESULTS = ("functionResponse", "function_response", "codeExecutionResult", "code_execution_result")
_MEDIA = ("inlineData", "inline_data", "fileData", "file_data")
_AI_STUDIO_MEDIA = (
    *("driveDocument", "driveImage", "driveVideo", "driveAudio", "inlineFile", "inlineImage", "youtubeVideo"),
)


def _are_contents(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) and "parts" in item for item in value)


def _has_candidates(value: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(value, dict)
        and isinstance(value.get("candidates"), list)
        and (not value["candidates"] or isinstance(value["candidates"][0], dict))
    )


def _read(row: object, origin: Origin) -> Transcript:
    if isinstance(row, list) and _are_contents(row):
        row = {"contents": row}
    if not isinstance(row, dict):
        raise RowError("no Gemini chat: give a record with `contents` or `candidates`")
    found = RowFields(CharacterAccount(tools=origin.tools))
    if isinstance(row.get("chunkedPrompt"), dict):
        return _read_ai_studio(row, found, origin)
    consumed = {name: row[name] for name in ("contents", "candidates", *_SYSTEM, "prompt") if row.get(name) is not None}
    consumed |= {name: row[name] for name in _REQUESTS if isinstance(row.get(name), dict)}
    envelopes: list[Mapping[str, Any]] = [row[name] for name in _REQUESTS if isinstance(row.get(name), dict)]
    messages: list[Message] = []
    prompts: list[str] = []
    for sent in (row, *envelopes):
        prompts += [_system(sent[key], found.account) for key in _SYSTEM if sent.get(key) is not None]
        messages += _request_messages(sent.get("contents"), found.account)
    if not messages and isinstance(row.get("prompt"), str):
        messages.append(Message("user", found.account.record(row["prompt"])))
    response = row if _has_candidates(row) else row.get("response")
    if _has_candidates(response):
        if response is not row:
            consumed["response"] = response
            envelopes.insert(0, response)
        messages.append(_candidate(response, found))
    if not messages:
        raise RowError("no part with text in `contents` or `candidates`")
    found.add_system(prompts)
    found.model = next((name for envelope in (*envelopes, row) if (name := _model_version(envelope))), None)
    read_envelopes(row, envelopes, messages, found)
    return build(row, assemble(messages, found.account), consumed=consumed, found=found, origin=origin)


def _request_messages(contents: object, account: CharacterAccount) -> list[Message]:
    if isinstance(contents, str):
        return [Message("user", account.record(contents))]
    return list(_messages(contents, account)) if isinstance(contents, list) else []


def _model_version(record: Mapping[str, Any]) -> str | None:
    value = record.get("modelVersion") or record.get("model_version")
    return value if isinstance(value, str) and value else None


def _system(value: object, account: CharacterAccount) -> str:
    if isinstance(value, str):
        return account.record(value)
    parts = _part_list(value.get("parts")) if isinstance(value, dict) else []
    texts = (part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))
    return account.join(map(account.record, texts), None)


def _part_list(parts: object) -> list[Any]:
    return parts if isinstance(parts, list) else [parts] if isinstance(parts, dict) else []


def _candidate(response: dict[str, Any], found: RowFields) -> Message:
    candidates = response["candidates"]
    first = candidates[0] if candidates else {}
    if len(candidates) > 1:
        found.account.drop_value("other_choice", candidates[1:], n=len(candidates) - 1)
    content = first.get("content")
    # If the answer was blocked or cut off early, the content or its parts may be missing.
    content = {"role": "model", **content} if isinstance(content, dict) else {"role": "model"}
    message = next(_messages([content], found.account), Message("assistant"))
    message.is_truncated = str(first.get("finishReason", first.get("finish_reason"))) in _CUT
    usage = response.get("usageMetadata") or response.get("usage_metadata")
    tokens = usage.get("thoughtsTokenCount", usage.get("thoughts_token_count")) if isinstance(usage, dict) else None
    if message.thought_form is None and isinstance(tokens, int | float) and tokens > 0:
        message.thought_form = "hidden"
    return message


def _messages(contents: list[Any], account: CharacterAccount) -> Iterator[Message]:
    for number, given_content in enumerate(contents, 1):
        content = {"role": "user", "parts": [given_content]} if isinstance(given_content, str) else given_content
        if not isinstance(content, dict):
            raise RowError(f"content {number} is of type {type(content).__name__}, not a record with parts")
        role = str(content.get("role") or "user").lower()
        texts, thoughts, tool = _parts(_part_list(content.get("parts")), account, is_model=role == "model")
        if role == "model":
            yield _assistant_message(texts, thoughts, tool, account)
        elif role in ("function", "tool") or (tool and not texts):
            yield Message("tool", tool=[*texts, *tool] if account.tools else tool)
            if not account.tools:
                for text in texts:
                    account.drop("tool_result", len(text), "tool")
        else:
            yield Message("user", account.join(texts, "user"), tool=tool)


def _parts(parts: list[Any], account: CharacterAccount, *, is_model: bool) -> tuple[list[str], list[str], list[str]]:
    """Texts, thoughts and tool traffic of one content; a thought is marked by its flag, not by a signature."""
    texts: list[str] = []
    thoughts: list[str] = []
    tool: list[str] = []
    for given_part in parts:
        part = {"text": given_part} if isinstance(given_part, str) else given_part
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("text"), str):
            text = without_data_urls(account.record(part["text"]), account, "response" if is_model else "user")
            (thoughts if part.get("thought") is True and is_model else texts).append(text)
        for name in _CALLS:
            if isinstance(call := part.get(name), dict):
                is_code = isinstance(call.get("code"), str)
                tool.append(tool_result(call, call["code"], account) if is_code else tool_call(call, account))
        for name in _RESULTS:
            if isinstance(part.get(name), dict):
                tool.append(tool_result(part[name], _words(part[name]), account))
        for name in _MEDIA:
            if part.get(name):
                account.drop_value(_medium(part[name]), part[name], "response" if is_model else "user")
    return texts, thoughts, tool


def _assistant_message(texts: list[str], thoughts: list[str], tool: list[str], account: CharacterAccount) -> Message:
    joined = account.join((account.strip(text, "thought") for text in thoughts), "thought")
    # Gemini returns summaries of thoughts only.
    copies = [Thought(joined, "summary")] if joined else []
    answer = read_answer(account.join(texts, "response"), copies, account)
    text, form = answer.thought or ("", None)
    return Message("assistant", answer.response, text, form, answer.is_truncated, [*tool, *answer.tool])


def _words(result: Mapping[str, Any]) -> str | None:
    value = result.get("response", result.get("output"))
    if isinstance(value, dict) and isinstance(value.get("result", value.get("output")), str):
        value = value.get("result", value.get("output"))
    return value if isinstance(value, str) else None


def _medium(value: object) -> str:
    kind = str(value.get("mimeType", value.get("mime_type", ""))) if isinstance(value, dict) else ""
    return next((name for name in ("image", "audio", "video") if kind.startswith(name)), "file")


def _read_ai_studio(row: dict[str, Any], found: RowFields, origin: Origin) -> Transcript:
    """AI Studio: consecutive chunks of one role are one turn, and `text` repeats the text of `parts`."""
    account = found.account
    chunks = row["chunkedPrompt"].get("chunks")
    messages: list[Message] = []
    for chunk in chunks if isinstance(chunks, list) else []:
        if not isinstance(chunk, dict):
            raise RowError("a chunk is no record")
        messages.append(_chunk(chunk, account))
    if not messages:
        raise RowError("no chunk in `chunkedPrompt`")
    consumed = {"chunkedPrompt": row["chunkedPrompt"]}
    if row.get(_SYSTEM[0]) is not None:
        consumed[_SYSTEM[0]] = row[_SYSTEM[0]]
        found.system = _system(row[_SYSTEM[0]], account)
        account.drop("system_prompt", len(found.system))
    settings = row.get("runSettings")
    if isinstance(settings, dict) and isinstance(settings.get("model"), str):
        found.model = settings["model"]
    return build(row, assemble(messages, account), consumed=consumed, found=found, origin=origin)


def _chunk(chunk: dict[str, Any], account: CharacterAccount) -> Message:
    text, parts = chunk.get("text"), chunk.get("parts")
    is_model = chunk.get("role") == "model"
    side: Kind = "response" if is_model else "user"
    if isinstance(text, str):
        texts = [without_data_urls(account.record(text), account, side)]
        if parts:
            account.drop_value("repeated_text", parts, side)
    else:
        texts, thoughts, tool = _parts(parts if isinstance(parts, list) else [], account, is_model=is_model)
        texts = [*thoughts, *texts]
        for result in tool:
            account.drop("tool_call", len(result), side)
    for name in _AI_STUDIO_MEDIA:
        if chunk.get(name):
            account.drop_value("file", chunk[name], side)
    if not is_model:
        return Message("user", account.join(texts, "user"))
    if chunk.get("isThought"):
        return _assistant_message([], texts, [], account)
    message = _assistant_message(texts, [], [], account)
    message.is_truncated = message.is_truncated or chunk.get("finishReason") in _CUT
    return message


def _score(row: object) -> int:
    if isinstance(row, list):
        return 4 if _are_contents(row) else 0
    if not isinstance(row, dict):
        return 0
    if isinstance(row.get("chunkedPrompt"), dict):
        return 6
    marks = 0
    for place in (row, row.get("request"), row.get("body")):
        if isinstance(place, dict) and _are_contents(place.get("contents")):
            marks += 4
    return marks + 4 * (_has_candidates(row) or _has_candidates(row.get("response")))


GEMINI = Adapter("gemini", _score, _read)
