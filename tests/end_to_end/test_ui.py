"""The Dagster UI on a home, in a real browser: the graph shows, everything materialises, tables show their rows."""

import time
from pathlib import Path
from typing import Any

import pytest

from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse
from tests.conftest import copy_of, small_source
from tests.dagster_ui import CHROMIUM, ENDED, QUIET, DagsterUi, dagster_ui

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def latest_run(ui: DagsterUi) -> dict[str, str]:
    found: Any = ui.ask("{runsOrError(limit: 1) {... on Runs {results {status runId}}}}")
    run: dict[str, str] = found["runsOrError"]["results"][0]
    return run


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on the PATH")
def test_everything_materialises_from_the_browser(tmp_path: Path, small_home: Home) -> None:
    from playwright.sync_api import sync_playwright

    # The home knows its source; no table but that one is there yet.
    home = copy_of(small_home, tmp_path)
    small_source(tmp_path)
    home.warehouse.unlink()
    home.report.unlink()
    db = Warehouse(home.warehouse)
    db.prepare()
    db.run(f"insert into sources (position, path) values (0, '{tmp_path / 'small.jsonl'}')")
    with dagster_ui(home.path) as ui, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(f"{ui.address}/asset-groups", wait_until="domcontentloaded")
        before = latest_run(ui)
        page.get_by_role("button", name="Materialize all").click(timeout=60_000)
        for _ in range(240):
            newest = latest_run(ui)
            if newest["runId"] != before["runId"] and newest["status"] in ENDED:
                break
            time.sleep(1)
        assert newest["runId"] != before["runId"]
        assert newest["status"] == "SUCCESS"
        assert db.scalar("select count(*) from cluster_prevalence where label is not null") > 10
        # The asset's page shows what a person looks for: rows, columns with their types, a preview.
        page.goto(f"{ui.address}/assets/cluster_names?view=overview", wait_until="domcontentloaded")
        page.get_by_text("Row count").first.wait_for(timeout=60_000)
        text = page.inner_text("body")
        assert "label" in text
        assert "VARCHAR" in text.upper()
        browser.close()
    assert home.report.exists()
