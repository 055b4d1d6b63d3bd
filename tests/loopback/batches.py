"""The batch endpoints of the test server: files, batches, their states, and planned faults of rows.

The objects have the shapes of OpenAI's. A batch moves on by one state each time it is asked for; its requests are
answered, and billed, when it ends. The order of its results is not that of its requests.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from tests.loopback.faults import FAULTS

Row = dict[str, Any]
# From the number of the row (from 0, over all batches) and its prompt to what goes wrong with it: a name of `FAULTS`
# whose fault is a plain response, or one of `expired`, `timeout`, `lost`, `twice`, `garbled`, `stranger`.
RowPlan = Callable[[int, str], str | None]
# Called with an endpoint's name before it acts and after (`upload`, `uploaded`; `create`, `created`; `retrieve`,
# `retrieved`; `list`; `content`, `half`): what it returns is sent in place of the answer.
Hook = Callable[[str], web.StreamResponse | None]


class Host(Protocol):
    """What this module needs from the server."""

    tokens_in: int
    tokens_out: int

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """The ordinary answer to a chat completion."""


@dataclass
class _Batch:
    number: int
    created: dict[str, Any]
    rows: list[Row]
    states: list[str]
    polls: int = 0


@dataclass
class Batches:
    """Files and batches of one server.

    Attributes:
        host: The server.
        polls: How often a batch is asked for before it has ended.
        plan: Which rows fail, and how.
        ends: How the nth batch ends: `completed`, `expired` (every second row), `cancelled` (likewise), `failed`;
            `late` completes and names its files only when asked once more; `full` fails for enqueued tokens while
            another batch runs, `full_alone` always; `unknown_model` fails for it; `endless` never ends.
        hook: Called on every request; may answer in the endpoint's place.
        requests: Requests received, by endpoint.
        executed: How often each custom id was answered.
        billed: Rows billed.
    """

    host: Host
    polls: int = 3
    plan: RowPlan = lambda number, prompt: None
    ends: Callable[[int], str] = lambda number: "completed"
    hook: Hook = lambda name: None
    requests: Counter[str] = field(default_factory=Counter)
    executed: Counter[str] = field(default_factory=Counter)
    billed: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, _Batch] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        routes: list[tuple[str, str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = [
            ("POST", "/v1/files", "upload", self._upload),
            ("GET", "/v1/files/{id}", "file", self._file),
            ("GET", "/v1/files/{id}/content", "content", self._content),
            ("POST", "/v1/batches", "create", self._create),
            ("GET", "/v1/batches", "list", self._list),
            ("GET", "/v1/batches/{id}", "retrieve", self._retrieve),
            ("POST", "/v1/batches/{id}/cancel", "cancel", self._cancel),
        ]
        for method, path, name, answer in routes:
            app.router.add_route(method, path, self._hooked(name, answer))

    def _hooked(
        self, name: str, answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        after = {"upload": "uploaded", "create": "created", "retrieve": "retrieved"}.get(name)

        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests[name] += 1
            early = self.hook(name)
            response = early if early is not None else await answer(request)
            late = self.hook(after) if after and early is None else None
            return response if late is None else late

        return handle

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        parts: dict[str, bytes] = {}
        filename = ""
        async for part in await request.multipart():
            parts[part.name] = bytes(await part.read())  # type: ignore[union-attr,index]
            filename = part.filename or filename  # type: ignore[union-attr]
        if parts.get("purpose") != b"batch" or not filename.endswith(".jsonl"):
            return _error(400, f"Invalid file {filename} for purpose {parts.get('purpose')!r}", None)
        name = f"file-in{len(self.files)}"
        self.files[name] = parts["file"]
        return web.json_response(self._described(name))

    def _described(self, name: str) -> dict[str, Any]:
        purpose = "batch" if name.startswith("file-in") else "batch_output"
        return {
            "id": name,
            "object": "file",
            "bytes": len(self.files[name]),
            "created_at": int(time.time()),
            "expires_at": None,
            "filename": f"{name}.jsonl",
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
        }

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["id"]
        return web.json_response(self._described(name)) if name in self.files else _error(404, f"No such File: {name}")

    async def _content(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["id"]
        if name not in self.files:
            return _error(404, f"No such File object: {name}")
        body = self.files[name]
        response = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        await asyncio.sleep(0.02)
        if self.hook("half") is not None and request.transport is not None:
            request.transport.abort()
            return response
        await response.write(body[len(body) // 2 :])
        return response

    async def _create(self, request: web.Request) -> web.StreamResponse:
        given = await request.json()
        source = given["input_file_id"]
        if source not in self.files:
            return _error(400, f"Invalid file id: {source}; No such File object")
        number = len(self.batches)
        name = f"batch_{number}"
        now = int(time.time())
        created = {
            "id": name,
            "object": "batch",
            "endpoint": given["endpoint"],
            "model": None,
            "errors": None,
            "input_file_id": source,
            "completion_window": given["completion_window"],
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": now,
            "expires_at": now + 86400,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": given.get("metadata"),
        }
        rows, error = _read(self.files[source], given["endpoint"])
        end = self.ends(number)
        if end == "full":
            running = any(batch.created["status"] not in _ENDED for batch in self.batches.values())
            end = "full_alone" if running else "completed"
        if end == "full_alone":
            error = (
                "token_limit_exceeded",
                "Enqueued token limit reached. Limit: 2,000,000 tokens.",
                None,
            )
        elif end == "failed":
            error = ("invalid_request", "The batch could not be validated.", None)
        elif end == "unknown_model":
            error = ("model_not_found", "The provided model is not supported by the Batch API.", None)
        if error is not None:
            end = "failed"
            code, message, line = error
            data = [{"code": code, "message": message, "line": line, "param": None}]
            created["errors"] = {"object": "list", "data": data}
        states = ["in_progress"] * max(1, self.polls - 2) + ["finalizing", end]
        self.batches[name] = _Batch(number, created, rows, ["failed"] if end == "failed" else states)
        self.bodies += [row["body"] for row in rows]
        return web.json_response(created)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        names = list(reversed(self.batches))
        if after := request.query.get("after"):
            names = names[names.index(after) + 1 :]
        limit = int(request.query.get("limit", "20"))
        data = [self.batches[name].created for name in names[:limit]]
        ends = {"first_id": names[0] if names else None, "last_id": data[-1]["id"] if data else None}
        return web.json_response({"object": "list", "data": data, **ends, "has_more": len(names) > limit})

    async def _retrieve(self, request: web.Request) -> web.StreamResponse:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return _error(404, f"No batch found with id '{request.match_info['id']}'.")
        if batch.states and batch.states[0] != "endless":
            state = batch.states.pop(0)
            batch.created["status"] = "completed" if state == "late" else state
            if state in ("completed", "expired", "cancelled", "late"):
                files = await self._finish(request, batch, state)
                if state == "late":
                    batch.states.append("named")
                    batch.created["later"] = files
                else:
                    batch.created.update(files)
            elif state == "named":
                batch.created["status"] = "completed"
                batch.created.update(batch.created.pop("later"))
        return web.json_response({key: value for key, value in batch.created.items() if key != "later"})

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        batch = self.batches[request.match_info["id"]]
        batch.created["status"] = "cancelling"
        batch.states = ["cancelled"]
        return web.json_response(batch.created)

    async def _finish(self, request: web.Request, batch: _Batch, state: str) -> dict[str, str | None]:
        """Answer the rows, put the results into files, and count them."""
        good: list[str] = []
        bad: list[str] = []
        before = sum(other.number < batch.number and len(other.rows) for other in self.batches.values())
        for number, row in enumerate(batch.rows):
            cut_off = state in ("expired", "cancelled") and number % 2
            prompt = "\n".join(str(message["content"]) for message in row["body"]["messages"])
            fault = f"batch_{state}" if cut_off else self.plan(before + number, prompt)
            await self._answer(request, row, fault, good, bad)
        random.Random(batch.number).shuffle(good)
        counts = {"total": len(batch.rows), "completed": len(good), "failed": len(bad)}
        batch.created["request_counts"] = counts
        names: dict[str, str | None] = {}
        for kind, lines in (("output_file_id", good), ("error_file_id", bad)):
            name = f"file-{kind[:3]}{batch.number}" if lines else None
            if name is not None:
                self.files[name] = "".join(lines).encode()
            names[kind] = name
        return names

    async def _answer(self, request: web.Request, row: Row, fault: str | None, good: list[str], bad: list[str]) -> None:
        answer: dict[str, Any] = {"id": f"batch_req_{row['custom_id'][:6]}", "custom_id": row["custom_id"]}
        messages = {
            "batch_expired": "This request could not be executed before the completion window expired.",
            "batch_cancelled": "This request was cancelled before it could be executed.",
            "request_timeout": "The request to the model timed out.",
        }
        code = {"expired": "batch_expired", "timeout": "request_timeout"}.get(fault or "", fault or "")
        if code in messages:
            bad.append(_line(answer | {"response": None, "error": {"code": code, "message": messages[code]}}))
            return
        if fault == "lost":
            return
        status, body = 200, self.host.complete(row["body"])
        if fault in FAULTS:
            response = await FAULTS[fault](request, body)
            status, body = response.status, json.loads(response.text)  # type: ignore[attr-defined]
        response_part = {"status_code": status, "request_id": f"req_{row['custom_id'][:6]}", "body": body}
        line = _line(answer | {"response": response_part, "error": None})
        if status != 200:
            bad.append(line)
            return
        self.executed[row["custom_id"]] += 1
        self.billed += 1
        self.host.tokens_in += body.get("usage", {}).get("prompt_tokens", 0)
        self.host.tokens_out += body.get("usage", {}).get("completion_tokens", 0)
        good.append(line[: len(line) // 2] + "\n" if fault == "garbled" else line)
        if fault == "twice":
            good.append(line)
        if fault == "stranger":
            good.append(line.replace(row["custom_id"], "f" * 32))


_ENDED = ("completed", "failed", "expired", "cancelled")


def _read(data: bytes, endpoint: str) -> tuple[list[Row], tuple[str, str, int | None] | None]:
    """The rows of an input file, and what is wrong with it: code, message, line."""
    rows: list[Row] = []
    seen: set[str] = set()
    for number, line in enumerate(data.splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            return [], ("invalid_json_line", "This line is not parseable as valid JSON.", number)
        wrong = {
            "duplicate_custom_id": row["custom_id"] in seen,
            "mismatched_endpoint": row["url"] != endpoint or row["method"] != "POST",
            "mismatched_model": rows and rows[0]["body"]["model"] != row["body"]["model"],
        }
        if code := next((code for code, is_so in wrong.items() if is_so), None):
            return [], (code, f"There is a {code.replace('_', ' ')}.", number)
        seen.add(row["custom_id"])
        rows.append(row)
    if not rows or len(rows) > 50_000 or len(data) > 200_000_000:
        return [], ("empty_file" if not rows else "too_many_tasks", f"The file holds {len(rows)} requests.", None)
    return rows, None


def _line(row: Row) -> str:
    return json.dumps(row) + "\n"


def _error(status: int, message: str, code: str | None = None) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)
