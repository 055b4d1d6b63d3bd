"""The HTTP client that litellm is given: aiohttp's, one request per call. Import it after `providers.load_litellm`.

litellm's own client repeats a request after a broken connection, which may be billed twice and bypasses the gate, and
it uses aiohttp through httpx.
"""

import asyncio
import atexit
import functools
import urllib.request
from collections.abc import Mapping

import aiohttp
import httpx
import openai
import orjson
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, get_ssl_configuration

# A connection belongs to the loop that opened it; a program has one loop for asking (`background_loop`).
_sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}
_CLOSING_S = 2.0


class StatusError(httpx.HTTPStatusError):
    """A response with an error status, with the attributes that litellm reads."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.text, request=response.request, response=response)
        self.status_code, self.text = response.status_code, response.text

    def as_openai(self) -> openai.APIStatusError:
        """The same error as OpenAI's client raises it, from which litellm reads more details."""
        try:
            body = orjson.loads(self.response.content)
        except orjson.JSONDecodeError:
            return openai.APIStatusError(
                self.text or f"Error code: {self.status_code}", response=self.response, body=None
            )
        inner = body.get("error", body) if isinstance(body, dict) else body
        return openai.APIStatusError(f"Error code: {self.status_code} - {body}", response=self.response, body=inner)


class HttpClient(AsyncHTTPHandler):
    """litellm's client with its own `post`, for the `client` argument of `litellm.completion`.

    A lost connection and a timeout are raised as the exceptions of OpenAI's client, which litellm understands for every
    provider. An answer that is not a JSON object, as some proxies send, counts as a bad gateway.
    """

    async def post(
        self,
        url: str,
        data: str | bytes | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **_: object,
    ) -> httpx.Response:
        """Send one request and return its response.

        Raises:
            StatusError: If the server refused.
            openai.APIConnectionError: If there was no complete answer.
        """
        request = _request(url)
        content = orjson.dumps(json) if data is None else data.encode() if isinstance(data, str) else data
        seconds = timeout.read if isinstance(timeout, httpx.Timeout) else timeout
        try:
            response = await self.exchange(request, content, headers or {}, seconds)
        except TimeoutError:
            raise openai.APITimeoutError(request) from None
        except (aiohttp.ClientError, OSError) as error:
            cause = f"{type(error).__name__}: {error}"
            raise openai.APIConnectionError(message=f"Connection error. {cause}", request=request) from None
        if response.is_success and not _is_object(response.content):
            response = httpx.Response(502, text=f"the answer is not a JSON object: {response.text}", request=request)
        if not response.is_success:
            raise StatusError(response)
        return response

    async def exchange(
        self, request: httpx.Request, content: bytes, headers: Mapping[str, str], seconds: float | None
    ) -> httpx.Response:
        """The response to a request, whatever its status; `seconds` is the timeout."""
        limit, proxy = aiohttp.ClientTimeout(total=seconds), _proxy(request.url.scheme, request.url.host)
        sent = _session().post(str(request.url), data=content, headers=headers, timeout=limit, proxy=proxy)
        async with sent as response:
            body = await response.read()
        # The body is decompressed by now.
        kept = [(name, value) for name, value in response.headers.items() if name.lower() != "content-encoding"]
        return httpx.Response(response.status, headers=kept, content=body, request=request)


class EchoClient(HttpClient):
    """A client that sends nothing and always answers `!`."""

    async def exchange(self, request: httpx.Request, *_: object) -> httpx.Response:
        """An answer in OpenAI's format."""
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "!"}}
        body = {"id": "echo", "object": "chat.completion", "created": 0, "model": "echo", "choices": [choice]}
        return httpx.Response(200, json=body, request=request)


@functools.lru_cache(maxsize=64)
def _request(url: str) -> httpx.Request:
    return httpx.Request("POST", url)


@functools.cache
def _proxy(scheme: str, host: str) -> str | None:
    # aiohttp would look it up for every request, in a thread.
    found = urllib.request.getproxies()
    return None if urllib.request.proxy_bypass(host) else found.get(scheme) or found.get("all")


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(orjson.loads(content), dict)
    except orjson.JSONDecodeError:
        return False


def _session() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.closed:
        # No limit of connections: the gate limits the calls.
        ssl = get_ssl_configuration()
        connector = aiohttp.TCPConnector(limit=0, ssl=True if isinstance(ssl, str) else ssl, ttl_dns_cache=300)
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        _sessions[loop] = session
    return session


@atexit.register
def _close() -> None:
    for loop, session in _sessions.items():
        if loop.is_running():
            asyncio.run_coroutine_threadsafe(session.close(), loop).result(_CLOSING_S)
        else:
            asyncio.run(session.close())
