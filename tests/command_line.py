"""The command line in processes of their own, forked from one that has imported everything.

Importing Dagster and litellm takes eight seconds of processor time, the work of most commands less than one. A fork has
its own standard streams, environment, working folder and exit status, as a new process has; `Popen` of
`python -m featdisc_assets.commands.cli` is for tests of what only that can show.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

# No test depends on speed: this is for a command that hangs.
SECONDS = 1800


def run(arguments: list[str], *, stdin: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one command and wait for its end.

    Args:
        arguments: What follows `featdisc`.
        stdin: What is typed.
        environment: All of it.

    Raises:
        subprocess.TimeoutExpired: The command took longer than `SECONDS`.
    """
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory(prefix="featdisc-") as folder:
        streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(stdin, encoding="utf-8")
        request = {
            "arguments": arguments, "environment": environment, "folder": str(Path.cwd()),
            "streams": [str(path) for path in streams],
        }  # fmt: skip
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        process = int(server.stdout.readline())
        timer = threading.Timer(SECONDS, os.kill, (process, 9))
        timer.start()
        status = int(server.stdout.readline())
        in_time = timer.is_alive()
        timer.cancel()
        out, err = (path.read_text(encoding="utf-8") for path in streams[1:])
    if not in_time:
        raise subprocess.TimeoutExpired(arguments, SECONDS, out, err)
    return subprocess.CompletedProcess(arguments, status, out, err)


@cache
def _server() -> "subprocess.Popen[str]":
    """The process that forks. It ends when its standard input does: with this one, however that ends."""
    clean = {name: value for name, value in os.environ.items() if name not in ("FEATDISC_HOME", "DAGSTER_HOME")}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.command_line"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean, cwd=Path(__file__).parents[1],
    )  # fmt: skip


def _serve() -> None:
    """Fork for every line of standard input; answer with the fork's id at once and with its exit status at its end."""
    from featdisc_assets import definitions  # noqa: F401
    from featdisc_assets.commands import cli, run, summary  # noqa: F401
    from featdisc_assets.llm.providers import check_model

    started_with = set(os.environ)
    check_model("openai/any", "http://127.0.0.1:9")  # imports litellm, and sets variables for it
    kept = {name: value for name, value in os.environ.items() if name not in started_with}
    duckdb.default_connection().close()  # its thread is none of a fork's, which would wait for it at its end
    gc.freeze()  # or each fork copies all of it when it tidies up
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for line in requests:
        process = os.fork()
        if process == 0:
            # Not closed by Python's objects: they would flush what the parent has in them.
            os.close(requests.fileno())
            os.close(answers.fileno())
            _become(json.loads(line), kept)
            sys.exit(cli.main())
        print(process, file=answers, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _become(request: dict[str, Any], kept: dict[str, str]) -> None:
    """Be the process that a shell would have started."""
    for number, (path, flags) in enumerate(
        zip(request["streams"], (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT), strict=True)
    ):
        descriptor = os.open(path, flags, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(kept | request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["featdisc", *request["arguments"]]


if __name__ == "__main__":
    _serve()
