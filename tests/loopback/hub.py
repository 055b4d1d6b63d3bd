"""A Hugging Face Hub on 127.0.0.1: the endpoints that fetch a dataset, real HTTP, and a list of requests.

with Hub({"owner/name": {"data/train.jsonl": b"…"}}) as hub:
    …                          # in a process with HF_ENDPOINT=hub.url
    assert hub.downloads == ["owner/name/data/train.jsonl"]
"""

import json
import re
import threading
from collections.abc import Mapping
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

_INFO = re.compile(r"/api/datasets/([^/]+/[^/]+)(?:/revision/(.+))?")
_TREE = re.compile(r"/api/datasets/([^/]+/[^/]+)/tree/([^/]+)")
_FILE = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")

Files = Mapping[str, bytes]


class Hub:
    """The server, running in threads between `with` and its end.

    Attributes:
        asked: Method and path of every request.
        downloads: What was sent in full, as `OWNER/NAME/PATH`.
        tokens: The tokens that came with requests.

    Args:
        datasets: Files by name of the dataset, at the revision `main`; `OWNER/NAME@REVISION` for another one.
        gated: Datasets that can be listed and not fetched.
    """

    def __init__(self, datasets: Mapping[str, Files], *, gated: frozenset[str] = frozenset()) -> None:
        self.datasets, self.gated = datasets, gated
        self.asked: list[str] = []
        self.downloads: list[str] = []
        self.tokens: set[str] = set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self)

            def do_HEAD(self) -> None:
                hub.answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: ANN401 - as the parent has it
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The address to give as HF_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request as the Hub does."""
        path = unquote(urlsplit(request.path).path)
        self.asked.append(f"{request.command} {path}")
        self.tokens.add(request.headers.get("authorization", "").removeprefix("Bearer "))
        if found := _TREE.fullmatch(path):
            name, files = self._at(found[1], found[2])
            tree = [
                {"type": "file", "path": path, "size": len(data), "oid": _hash(data)} for path, data in files.items()
            ]
            _send(request, 200, json.dumps(tree).encode())
        elif found := _FILE.fullmatch(path):
            name, files = self._at(found[1], found[2])
            if name in self.gated:
                _send(request, 403, b"", **{"X-Error-Code": "GatedRepo"})
                return
            data = files[found[3]]
            if request.command == "GET":
                self.downloads.append(f"{name}/{found[3]}")
            _send(request, 200, data, ETag=f'"{_hash(data)}"', **{"X-Repo-Commit": found[2]})
        elif found := _INFO.fullmatch(path):
            name, revision = found[1], found[2] or "main"
            known = name if revision == "main" else f"{name}@{revision}"
            if name not in self.datasets:
                _send(request, 404, b"", **{"X-Error-Code": "RepoNotFound"})
            elif known not in self.datasets:
                _send(request, 404, b"", **{"X-Error-Code": "RevisionNotFound"})
            else:
                info: dict[str, Any] = {
                    "id": name,
                    "sha": _commit(known, self.datasets[known]),
                    "siblings": [],
                    "tags": [],
                }
                _send(request, 200, json.dumps(info).encode())
        else:
            _send(request, 404, b"", **{"X-Error-Code": "EntryNotFound"})

    def _at(self, name: str, commit: str) -> tuple[str, Files]:
        """The dataset's name, and its files at a commit."""
        return name, next(
            files
            for known, files in self.datasets.items()
            if known.partition("@")[0] == name and _commit(known, files) == commit
        )


def _hash(data: bytes) -> str:
    return sha1(data, usedforsecurity=False).hexdigest()


def _commit(known: str, files: Files) -> str:
    return _hash(repr((known, sorted(files.items()))).encode())


def _send(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)
