"""Take the screenshots of README.md and docs/ from a real run: `make screenshots`, with Chromium on the PATH."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from featdisc_assets.home.places import Home
from featdisc_assets.llm import prompts
from tests.dagster_ui import CHROMIUM, LOCATION, QUIET, DagsterUi, dagster_ui

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def main() -> None:
    """Run the sample in a fresh home and take screenshots of the report and the UI."""
    if CHROMIUM is None:
        sys.exit("There is no Chromium on the PATH; install it and run again.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Home(Path(folder) / "home")
        command = [sys.executable, "-m", "featdisc_assets.commands.cli", "run", "--sample", "--home", str(home.path)]
        subprocess.run(command, check=True, env=os.environ | {"FEATDISC_HOME": str(home.path)})  # noqa: S603 - our own
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, device_scale_factor=1)
        page.goto(home.report.as_uri())
        page.screenshot(path=IMAGES / "report.png")
        page.set_viewport_size({"width": 1500, "height": 720})
        with dagster_ui(home.path) as ui:
            run_id = ui.launch()
            if ui.wait(run_id) != "SUCCESS":
                sys.exit("The run in the UI did not succeed; there are no screenshots.")
            _take(page, ui, "/asset-groups", "Materialize all", "graph.png")
            _take(page, ui, "/assets/cluster_names?view=overview", "Row count", "asset.png")
            _take(page, ui, f"/runs/{run_id}", "Success", "run.png")
            _take(page, ui, f"/locations/{LOCATION}/jobs/everything/playground", "Launch Run", "launchpad.png")
            prompt = home.prompts / "name" / "cluster.md"
            prompt.parent.mkdir(parents=True)
            built_in = (prompts.HOME / "name" / "cluster.md").read_text(encoding="utf-8")
            prompt.write_text("Be brief.\n" + built_in, encoding="utf-8")
            ui.reload()
            _take(page, ui, "/assets/cluster_names?view=overview", "Unsynced", "unsynced.png")
        browser.close()


def _take(page: Page, ui: DagsterUi, path: str, shown: str, name: str) -> None:
    """Take a screenshot of a page of the UI once it shows a text."""
    page.goto(f"{ui.address}{path}", wait_until="domcontentloaded")
    page.get_by_text(shown).first.wait_for(timeout=60_000)
    time.sleep(3)
    page.screenshot(path=IMAGES / name)


if __name__ == "__main__":
    main()
