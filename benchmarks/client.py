"""CPU time, throughput and memory of the client, beside the plain clients it is built on.

    python -m benchmarks.client [--calls 1000] [--concurrency 128]

A fake server answers after a fixed delay. Each row is a new process that warms up and makes the calls in three passes;
the best pass counts, since other load on the machine only makes figures worse. `loop ms` is the CPU time of a fixed
pure-Python loop in the same process, to compare figures from different machines or times. Memory is the peak of the
process, imports included.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measuring import measured, parser, peak_mib
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import FeatureList
from featdisc_assets.llm.ask import ask_all
from featdisc_assets.llm.gate import Limits
from featdisc_assets.llm.prompts import fence, load
from featdisc_assets.llm.request import Params, Request

MODEL = "openai/gpt-4o-mini"  # litellm has its price: the cheaper case for the plain rows
_PASSES = 3
_WARM_UP = 200
_LATENCY_S = 0.3
# Long enough that all _MANY calls are in flight at once, however slowly the client sends.
_SLOW_S = 3.0
_MANY = 512
_PIECE = "Please explain how to sort a list in Python, with an example that a beginner can follow. " * 9

# Makes n calls with distinct prompts; the word makes the prompts of different passes distinct.
Pass = Callable[[int, str], None]
Send = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a row: CPU milliseconds per call, calls per second, peak MiB, milliseconds of the reference loop."""

    cpu_ms: float
    per_second: float
    peak_mib: float
    loop_ms: float


def requests(n: int, word: str, url: str) -> Iterator[Request]:
    """Yield n rating requests, each rendered when it is needed, as in the rating asset."""
    prompt, params = load("rate", "user"), Params(api_base=url)
    for number in range(n):
        piece = fence("user", f"{word} {number}. {_PIECE}", "salt")
        text = prompt.render(piece=piece, at_least=10, at_most=20)
        yield Request("rate", f"{word}-{number}", MODEL, prompt.version, text, FeatureList, params)


@contextlib.contextmanager
def plain_client(client: AbstractAsyncContextManager[Send], url: str, concurrency: int) -> Iterator[Pass]:
    """A pass function for a plain client, which raises if a call has no answer."""

    async def send_all(n: int, word: str, send: Send) -> None:
        slots = asyncio.Semaphore(concurrency)

        async def one(text: str) -> None:
            async with slots:
                await send(text)

        await asyncio.gather(*[one(request.prompt) for request in requests(n, word, url)])

    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        send = runner.run(stack.enter_async_context(client))
        yield lambda n, word: runner.run(send_all(n, word, send))
        runner.run(stack.aclose())


@contextlib.asynccontextmanager
async def aiohttp_client(url: str) -> AsyncIterator[Send]:
    """The lower bound of what a call costs in Python."""
    import aiohttp  # noqa: PLC0415  (a row loads only what it measures)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send(text: str) -> object:
            async with session.post(f"{url}/chat/completions", data=orjson.dumps(_body(text))) as response:
                return orjson.loads(await response.read())["choices"]

        yield send


@contextlib.asynccontextmanager
async def openai_client(url: str) -> AsyncIterator[Send]:
    """OpenAI's client."""
    import openai  # noqa: PLC0415

    async with openai.AsyncOpenAI(base_url=url, max_retries=0, timeout=60) as client:
        yield lambda text: client.chat.completions.create(**_body(text))


@contextlib.asynccontextmanager
async def litellm_client(url: str) -> AsyncIterator[Send]:
    """`litellm.acompletion`."""
    from featdisc_assets.llm.providers import load_litellm  # noqa: PLC0415

    litellm = load_litellm()
    options = {"api_base": url, "timeout": 60, "num_retries": 0, "max_retries": 0}
    yield lambda text: litellm.acompletion(**(_body(text) | {"model": MODEL} | options))


@contextlib.asynccontextmanager
async def instructor_client(url: str) -> AsyncIterator[Send]:
    """Instructor over `litellm.acompletion`."""
    from featdisc_assets.llm.providers import load_instructor, load_litellm  # noqa: PLC0415

    instructor = load_instructor()
    client = instructor.from_litellm(load_litellm().acompletion, mode=instructor.Mode.JSON_SCHEMA)

    async def send(text: str) -> object:
        messages = [{"role": "user", "content": text}]
        options = {"model": MODEL, "api_base": url, "max_tokens": 4096, "num_retries": 0, "max_retries": 0}
        return await client.create(response_model=FeatureList, messages=messages, **options)

    yield send


def _body(text: str) -> dict[str, Any]:
    schema = {"name": "FeatureList", "schema": FeatureList.SCHEMA, "strict": True}
    return {
        "model": MODEL.partition("/")[2],
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 4096,
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


@contextlib.contextmanager
def featdisc_client(url: str, concurrency: int, *, cached: bool = False) -> Iterator[Pass]:
    """A pass function for featdisc, which renders prompts, stores and parses answers.

    If `cached`, every pass sends the same requests.
    """
    limits = Limits(max_concurrency=concurrency)
    with tempfile.TemporaryDirectory() as folder, AnswerStore(Path(folder) / "answers.sqlite") as store:

        def ask(n: int, word: str) -> None:
            batch = requests(n, "cached" if cached else word, url)
            n_answered = sum(outcome.answered for outcome in ask_all(batch, store=store, limits=limits))
            if n_answered != n:
                raise RuntimeError(f"only {n_answered} of {n} calls were answered")

        yield ask


PLAIN_CLIENTS: dict[str, Callable[[str], AbstractAsyncContextManager[Send]]] = {
    "raw aiohttp": aiohttp_client,
    "plain AsyncOpenAI": openai_client,
    "plain litellm": litellm_client,
    "plain instructor + litellm": instructor_client,
}
FEATDISC_ROWS = ("featdisc", "featdisc, answers cached", f"featdisc, {_MANY} in flight")


def measure(row: str, url: str, calls: int, concurrency: int) -> Figures:
    """Measure a row in this process."""
    cached = "cached" in row
    plain = PLAIN_CLIENTS.get(row)
    client = plain_client(plain(url), url, concurrency) if plain else featdisc_client(url, concurrency, cached=cached)
    with client as run:
        run(calls if cached else max(_WARM_UP, concurrency), "warm up")
        loop_ms, passes = _loop_ms(), []
        for number in range(_PASSES):
            with measured() as cost:
                run(calls, f"pass {number}")
            passes.append(cost)
        cpu_s, wall_s = min(cost.cpu_s for cost in passes), min(cost.wall_s for cost in passes)
        return Figures(cpu_s / calls * 1000, calls / wall_s, peak_mib(), min(loop_ms, _loop_ms()))


def _loop_ms() -> float:
    def once() -> float:
        start, total = time.process_time(), 0
        for number in range(200_000):
            total += number * number
        return (time.process_time() - start) * 1000

    return min(once() for _ in range(5))


@contextlib.contextmanager
def fake_server(latency_s: float) -> Iterator[str]:
    """Start a fake server and yield its address."""
    command = [sys.executable, "-m", "benchmarks.fake_server", "--latency", str(latency_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip() if server.stdout else ""
        server.terminate()


def measure_in_subprocess(row: str, calls: int, concurrency: int) -> Figures:
    """Measure a row in a new process."""
    many_in_flight = row.endswith("in flight")
    with fake_server(_SLOW_S if many_in_flight else _LATENCY_S) as url:
        command = [sys.executable, "-m", "benchmarks.client", "--row", row, "--url", url]
        command += ["--calls", str(calls), "--concurrency", str(_MANY if many_in_flight else concurrency)]
        environment = os.environ | {"OPENAI_API_KEY": "none"}
        result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return Figures(**orjson.loads(result.stdout))


def main() -> None:
    """Measure all rows and print a table, or one row as JSON."""
    arguments = parser(__doc__, calls=1000, concurrency=128)
    arguments.add_argument("--row", choices=[*PLAIN_CLIENTS, *FEATDISC_ROWS], help=argparse.SUPPRESS)
    arguments.add_argument("--url", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.row:
        print(orjson.dumps(asdict(measure(options.row, options.url, options.calls, options.concurrency))).decode())
        return
    print(f"{options.calls} calls per pass, concurrency {options.concurrency}")
    print(f"{os.cpu_count()} cores, Python {sys.version[:7]}")
    print(f"{'':30}{'CPU ms per call':>16}{'calls/s':>10}{'peak MiB':>10}{'loop ms':>10}")
    for row in [*PLAIN_CLIENTS, *FEATDISC_ROWS]:
        figures = measure_in_subprocess(row, options.calls, options.concurrency)
        print(
            f"{row:30}{figures.cpu_ms:16.2f}{figures.per_second:10.0f}{figures.peak_mib:10.0f}{figures.loop_ms:10.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
