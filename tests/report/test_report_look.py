"""The report in a real browser: nothing lies over anything else, on a wide screen, a narrow one and a telephone."""

from pathlib import Path

import pytest

from featdisc_assets.assets.report import collect
from featdisc_assets.home.places import Home
from featdisc_assets.report import rendering as reporting
from featdisc_assets.warehouse import Warehouse
from tests.dagster_ui import CHROMIUM, QUIET

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# Cells whose words reach beyond them, and so over their neighbours.
_BEYOND = """
() => [...document.querySelectorAll("td, th")]
    .filter(cell => cell.clientWidth > 0 && cell.scrollWidth > cell.clientWidth + 1)
    .map(cell => cell.innerText.slice(0, 80))
"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on the PATH")
def test_no_cell_reaches_over_its_neighbours(tmp_path: Path, sample_home: Home) -> None:
    from playwright.sync_api import sync_playwright

    page_file = tmp_path / "report.html"
    page_file.write_text(
        reporting.render(collect(Warehouse(sample_home.warehouse)), title="What the model does"), encoding="utf-8"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for width in (1600, 1280, 900, 390):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto(page_file.as_uri())
            assert "as rated" in page.inner_text("body"), "the sample shows what the built-in rules denied"
            assert page.evaluate(_BEYOND) == [], width
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()
        browser.close()
