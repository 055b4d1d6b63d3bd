"""A running Dagster UI on a home, and the actions of a user through its GraphQL API."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LOCATION = "featdisc_assets.definitions"
ENDED = ("SUCCESS", "FAILURE", "CANCELED")

_STALE = """
{assetNodes {assetKey {path} isExecutable staleStatus staleCauses {reason category dependency {path}}}}
"""
_RELOAD = """
mutation($name: String!) {reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
    ... on WorkspaceLocationEntry {locationOrLoadError {__typename ... on PythonError {message}}}
}}
"""
_LAUNCH = """
mutation($params: ExecutionParams!) {launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess {run {runId}}
    ... on PythonError {message}
    ... on RunConfigValidationInvalid {errors {message}}
}}
"""
_REQUIRED = "query($keys: [AssetKeyInput!]!) {assetNodeAdditionalRequiredKeys(assetKeys: $keys) {path}}"
_RUN = "query($id: ID!) {runOrError(runId: $id) {... on Run {status stepStats {stepKey status}}}}"
_CANCEL = "mutation($id: String!) {terminateRun(runId: $id) {__typename ... on PythonError {message}}}"


class DagsterUi:
    """A running UI.

    Args:
        address: URL of the UI.
        server: The server process, leader of its process group.
    """

    def __init__(self, address: str, server: subprocess.Popen[bytes]) -> None:
        self.address, self.server = address, server

    def ask(self, query: str, **variables: object) -> Any:  # noqa: ANN401 - depends on the query
        """Run a GraphQL query and return its data."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.address}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - loopback
            found = json.load(answer)
        assert "errors" not in found, found
        return found["data"]

    def out_of_date(self) -> dict[str, list[str]]:
        """Assets shown as missing or unsynced, with the reasons."""
        nodes = self.ask(_STALE)["assetNodes"]
        return {
            node["assetKey"]["path"][-1]: sorted(cause["reason"] for cause in node["staleCauses"])
            for node in nodes
            if node["isExecutable"] and node["staleStatus"] != "FRESH" and node["assetKey"]["path"] != ["source_files"]
        }

    def reload(self) -> None:
        """*Reload definitions*."""
        found = self.ask(_RELOAD, name=LOCATION)["reloadRepositoryLocation"]["locationOrLoadError"]
        assert found["__typename"] == "RepositoryLocation", found

    def launch(
        self, assets: Sequence[str] = (), *, job: str = "everything", config: dict[str, Any] | None = None
    ) -> str:
        """Start a job, optionally on some of its assets, and return the run id."""
        selector: dict[str, Any] = {
            "repositoryLocationName": LOCATION,
            "repositoryName": "__repository__",
            "pipelineName": job,
        }
        if assets:
            selector["assetSelection"] = [{"path": [asset]} for asset in assets]
        params = {"selector": selector, "runConfigData": config or {}, "mode": "default"}
        found = self.ask(_LAUNCH, params=params)["launchPipelineExecution"]
        assert found["__typename"] == "LaunchRunSuccess", found
        run_id: str = found["run"]["runId"]
        return run_id

    def status(self, run_id: str) -> str:
        """The status of a run."""
        status: str = self.ask(_RUN, id=run_id)["runOrError"]["status"]
        return status

    def wait(self, run_id: str, seconds: float = 240) -> str:
        """Wait until a run ends, and return its status."""
        until = time.monotonic() + seconds
        while (status := self.status(run_id)) not in ENDED and time.monotonic() < until:
            time.sleep(0.5)
        return status

    def cancel(self, run_id: str) -> None:
        """*Terminate* a run."""
        self.ask(_CANCEL, id=run_id)

    def refresh(self) -> list[list[str]]:
        """*Materialize unsynced* until nothing is unsynced. Returns the assets of each round."""
        rounds: list[list[str]] = []
        while stale := self.out_of_date():
            # Like the browser, include assets that can only be materialized together with the selected ones.
            keys = [{"path": [asset]} for asset in stale]
            together = self.ask(_REQUIRED, keys=keys)["assetNodeAdditionalRequiredKeys"]
            rounds.append(sorted({*stale, *(key["path"][-1] for key in together)}))
            assert len(rounds) < 12, rounds
            assert self.wait(self.launch(rounds[-1])) == "SUCCESS"
        return rounds


@contextlib.contextmanager
def dagster_ui(home: Path, **environment: str) -> Iterator[DagsterUi]:
    """Run `featdisc ui` on a home until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if name not in ("FEATDISC_HOME", "DAGSTER_HOME")}
    server = subprocess.Popen(
        [sys.executable, "-m", "featdisc_assets.commands.cli", "ui", "--home", str(home), "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean | environment, start_new_session=True,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/server_info", timeout=5).read()  # noqa: S310 - loopback
                break
            time.sleep(0.5)
        yield DagsterUi(address, server)
    finally:
        # `dagster dev` stops its child processes only on SIGINT.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
