"""Run featdisc commands in processes forked from one that has imported everything.

Importing Dagster and litellm takes ten seconds of CPU time, most commands less than one. A fork has its own standard
streams, environment, working directory and exit status, like a new process. Tests of signals and of the entry point
start `python -m featdisc_assets.commands.cli` instead.
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

# For a command that hangs. No test depends on speed.
SECONDS = 1800


def run(arguments: list[str], *, stdin: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one command and wait until it exits.

    Args:
        arguments: The command line after `featdisc`.
        stdin: Text for its standard input.
        environment: All of its environment variables.

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
    """Start the process that forks. It exits when its standard input is closed, so when this process exits."""
    clean = {name: value for name, value in os.environ.items() if name not in ("FEATDISC_HOME", "DAGSTER_HOME")}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.command_line"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean, cwd=Path(__file__).parents[1],
    )  # fmt: skip


def _serve() -> None:
    """Fork for every line of standard input. Print the process id of the fork, then its exit status."""
    from featdisc_assets import definitions  # noqa: F401
    from featdisc_assets.commands import cli, run, summary  # noqa: F401
    from featdisc_assets.llm.providers import check_model

    started_with = set(os.environ)
    check_model("openai/any", "http://127.0.0.1:9")  # imports litellm and sets its variables
    kept = {name: value for name, value in os.environ.items() if name not in started_with}
    duckdb.default_connection().close()  # threads do not survive a fork, and exiting would wait for this one
    gc.freeze()  # otherwise each fork copies all memory when it collects garbage
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for line in requests:
        process = os.fork()
        if process == 0:
            # Close the descriptors, not the file objects, which share buffers with the parent.
            os.close(requests.fileno())
            os.close(answers.fileno())
            _become(json.loads(line), kept)
            sys.exit(cli.main())
        print(process, file=answers, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _become(request: dict[str, Any], kept: dict[str, str]) -> None:
    """Take the streams, environment, directory and arguments of the requested command."""
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
