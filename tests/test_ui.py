"""The Dagster UI on a home, in a real browser: the graph shows, everything materialises, tables show their rows."""

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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from featdisc_assets.places import Home
from featdisc_assets.warehouse import Warehouse
from tests.conftest import featdisc
from tests.test_pipeline import small_source

pytestmark = [pytest.mark.slow, pytest.mark.browser]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextlib.contextmanager
def dagster_ui(home: Path) -> Iterator[str]:
    """`featdisc ui` on a home, until the block ends; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in ("FEATDISC_HOME", "DAGSTER_HOME")}
    server = subprocess.Popen(
        [sys.executable, "-m", "featdisc_assets.cli", "ui", "--home", str(home), "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/server_info", timeout=5).read()  # noqa: S310 - loopback
                break
            time.sleep(0.5)
        yield address
    finally:
        # SIGINT, since `dagster dev` takes its children along on that alone.
        os.killpg(server.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)


def graphql(address: str, query: str) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{address}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
        data: dict[str, Any] = json.load(answer)["data"]
    return data


def latest_run(address: str) -> dict[str, str]:
    found = graphql(address, "{runsOrError(limit: 1) {... on Runs {results {status runId}}}}")
    run: dict[str, str] = found["runsOrError"]["results"][0]
    return run


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on the PATH")
def test_everything_materialises_from_the_browser(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    home = Home(tmp_path / "home")
    # The home knows its source; no table but that one is there yet.
    done = featdisc("run", "--source", str(small_source(tmp_path)), home=home.path)
    assert done.returncode == 0, done.stderr
    home.warehouse.unlink()
    db = Warehouse(home.warehouse)
    db.prepare()
    db.run(f"insert into sources values (0, '{tmp_path / 'small.jsonl'}')")
    with dagster_ui(home.path) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(f"{address}/asset-groups", wait_until="domcontentloaded")
        before = latest_run(address)
        page.get_by_role("button", name="Materialize all").click(timeout=60_000)
        for _ in range(240):
            newest = latest_run(address)
            if newest["runId"] != before["runId"] and newest["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
                break
            time.sleep(1)
        assert newest["runId"] != before["runId"]
        assert newest["status"] == "SUCCESS"
        assert db.scalar("select count(*) from cluster_prevalence where label is not null") > 10
        # The asset's page shows what a person looks for: rows, columns with their types, a preview.
        page.goto(f"{address}/assets/cluster_names?view=overview", wait_until="domcontentloaded")
        page.get_by_text("Row count").first.wait_for(timeout=60_000)
        text = page.inner_text("body")
        assert "label" in text
        assert "VARCHAR" in text.upper()
        browser.close()
    assert home.report.exists()
