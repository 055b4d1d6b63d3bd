"""Take the pictures of README.md from a real run: `make screenshots`, with Chromium on the PATH."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from featdisc_assets.places import Home
from tests.dagster_ui import CHROMIUM, QUIET, dagster_ui

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def main() -> None:
    """Run the sample in a fresh home and photograph the report and the graph."""
    if CHROMIUM is None:
        sys.exit("No Chromium on the PATH; install it and run again.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Home(Path(folder) / "home")
        command = [sys.executable, "-m", "featdisc_assets.cli", "run", "--sample", "--home", str(home.path)]
        subprocess.run(command, check=True, env=os.environ | {"FEATDISC_HOME": str(home.path)})  # noqa: S603 - our own
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, device_scale_factor=1)
        page.goto(home.report.as_uri())
        page.screenshot(path=IMAGES / "report.png")
        with dagster_ui(home.path) as ui:
            page.set_viewport_size({"width": 1500, "height": 720})
            page.goto(f"{ui.address}/asset-groups", wait_until="domcontentloaded")
            page.get_by_role("button", name="Materialize all").wait_for(timeout=60_000)
            time.sleep(4)
            page.screenshot(path=IMAGES / "graph.png")
            page.goto(f"{ui.address}/assets/cluster_names?view=overview", wait_until="domcontentloaded")
            page.get_by_text("Row count").first.wait_for(timeout=60_000)
            time.sleep(2)
            page.screenshot(path=IMAGES / "asset.png")
        browser.close()


if __name__ == "__main__":
    main()
