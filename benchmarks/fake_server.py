"""A chat server that returns one fixed answer after a fixed delay, at almost no cost, so that timings are the client's.

    python -m benchmarks.fake_server [--port 0] [--latency 0.3] [--features 15]

It prints its address and serves until its standard input closes. It supports HTTP/1.1 with keep-alive and requests with
a Content-Length, which is all that the clients here need.
"""

import asyncio
import sys

import orjson

from benchmarks.measuring import parser

PHRASES = (
    "Asks for a short answer", "Writes in plain English", "Gives an example of the wanted form",
    "Names a programming language", "Wants a list of steps", "Mentions a deadline", "Uses no punctuation",
    "Asks a second question at the end", "Quotes an error message", "Thanks the assistant in advance",
    "Asks for sources", "Describes a setup in detail", "Corrects an earlier request", "Sets a word limit",
    "Asks for a table",
)  # fmt: skip


def completion_body(n_features: int) -> bytes:
    """A chat completion in the format of the OpenAI API."""
    text = orjson.dumps({"features": [PHRASES[i % len(PHRASES)] for i in range(n_features)]}).decode()
    return orjson.dumps(
        {
            "id": "chatcmpl-answering",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": "answering-2026-11-23",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "logprobs": None,
                    "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                }
            ],
            "usage": {
                "prompt_tokens": 430,
                "completion_tokens": 120,
                "total_tokens": 550,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
            },
            "service_tier": "default",
            "system_fingerprint": None,
        }
    )


class Connection(asyncio.Protocol):
    """Answers each request of a client after a delay.

    Args:
        answer: The HTTP response.
        latency_s: Delay between the last byte of a request and the answer.
    """

    def __init__(self, answer: bytes, latency_s: float) -> None:
        self.answer, self.latency_s = answer, latency_s
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every complete request in the buffer."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            asyncio.get_running_loop().call_later(self.latency_s, self._send)

    def _send(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self.answer)  # type: ignore[attr-defined]  # a stream's transport


async def serve(port: int, latency_s: float, n_features: int) -> None:
    """Serve until standard input closes."""
    content = completion_body(n_features)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(head + content, latency_s), "127.0.0.1", port, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Read the options and serve."""
    options = parser(__doc__, port=0, latency=0.3, features=15).parse_args()
    asyncio.run(serve(options.port, options.latency, options.features))


if __name__ == "__main__":
    main()
