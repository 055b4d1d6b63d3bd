"""Living with a home in the UI: what a change makes out of date, and what redoing that asks of the server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.llm.prompts import HOME as PROMPTS
from featdisc_assets.warehouse import Warehouse
from tests.conftest import featdisc
from tests.dagster_ui import CHROMIUM, QUIET, DagsterUi, dagster_ui
from tests.loopback.server import MODEL, Loopback

pytestmark = [pytest.mark.slow]
CODE = "has a new code version"


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


def source_folder(folder: Path, n: int = 12) -> Path:
    """A folder of one file with the first chats of the sample."""
    chats = folder / "chats"
    chats.mkdir()
    lines = sample_path().read_text(encoding="utf-8").splitlines(keepends=True)
    (chats / "first.jsonl").write_text("".join(lines[:n]), encoding="utf-8")
    return chats


def rated_home(folder: Path, server: Loopback) -> tuple[Home, Path]:
    """A home in which everything is made, by asking the server."""
    home, chats = Home(folder / "home"), source_folder(folder)
    given = ["--source", str(chats), "--model", MODEL, "--api-base", server.url]
    done = featdisc("run", *given, home=home.path)
    assert done.returncode == 0, done.stderr
    return home, chats


def edit(home: Home, name: str) -> Path:
    """Edit a prompt as a person would: in the home's own folder."""
    path = home.prompts / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("Be brief.\n" + (PROMPTS / name).read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on the PATH")
def test_a_changed_prompt_shows_in_the_ui_and_redoes_what_it_must(tmp_path: Path, server: Loopback) -> None:
    home, _ = rated_home(tmp_path, server)
    db = Warehouse(home.warehouse)
    with dagster_ui(home.path) as ui:
        assert ui.out_of_date() == {}

        # The naming prompt: names alone, and nothing is rated. By *Materialize unsynced*; what follows by the job.
        before = dict(server.requests)
        edit(home, "name/cluster.md")
        ui.reload()
        assert ui.out_of_date() == {"cluster_names": [CODE]}
        assert _unsynced_in_the_browser(ui, "cluster_names")
        ui.refresh()
        asked = {name: server.requests[name] - before[name] for name in before}
        assert asked["rate"] == 0
        # Each once, and some a second time: where the first name cannot stand.
        assert asked["name"] >= db.scalar("select count(*) from clusters")

        # The prompt for thoughts: the plan shows, thoughts are rated, nothing else is.
        before = dict(server.requests)
        edit(home, "rate/thought.md")
        ui.reload()
        assert ui.out_of_date() == {"rating_plan": [CODE]}
        _refresh_by_the_job(ui)
        thoughts = db.scalar("select count(distinct text_hash) from pieces where kind = 'thought'")
        assert server.requests["rate"] - before["rate"] == thoughts > 0
    # The command line sees the same.
    done = featdisc("refresh", "--dry-run", home=home.path)
    assert done.stdout.strip() == "nothing is out of date", done.stdout + done.stderr


@pytest.mark.thorough
def test_a_changed_granularity_and_a_new_file_redo_what_they_must(tmp_path: Path, server: Loopback) -> None:
    home, chats = rated_home(tmp_path, server)
    db = Warehouse(home.warehouse)
    with dagster_ui(home.path) as ui:
        # A prompt that is changed and changed back: everything is known.
        prompt = edit(home, "rate/thought.md")
        ui.reload()
        _refresh_by_the_job(ui)
        before = dict(server.requests)
        prompt.unlink()
        ui.reload()
        assert ui.out_of_date() == {"rating_plan": [CODE]}
        _refresh_by_the_job(ui)
        assert dict(server.requests) == before

        # A changed granularity: clusters and what follows, nothing is rated, and only new clusters are named.
        home.settings.write_text("clusters: {target_features_per_cluster: 8}\n", encoding="utf-8")
        old = {row["cluster_id"] for row in db.rows("select cluster_id from clusters")}
        ui.reload()
        assert set(ui.out_of_date()) == {"clusters", "cluster_members", "cluster_lineage"}
        _refresh_by_the_job(ui)
        assert server.requests["rate"] == before["rate"]
        new = {row["cluster_id"] for row in db.rows("select cluster_id from clusters")} - old
        assert 0 < server.requests["name"] - before["name"] <= len(new) + len(old)

        # A new file: the transcripts show, and only its texts are rated.
        before = dict(server.requests)
        lines = sample_path().read_text(encoding="utf-8").splitlines(keepends=True)
        (chats / "second.jsonl").write_text("".join(lines[12:14]), encoding="utf-8")
        _observe_sources(ui)
        assert set(ui.out_of_date()) == {"transcripts", "turns", "dropped_text", "given_features", "quarantine"}
        _refresh_by_the_job(ui)
        new_texts = db.scalar(
            "select count(distinct (kind, text_hash)) from pieces inner join transcripts using (transcript_id)"
            " where source like '%second%'"
        )
        assert 0 < server.requests["rate"] - before["rate"] <= (new_texts or 6)
        assert db.scalar("select count(*) from transcripts") == 14


def _refresh_by_the_job(ui: DagsterUi) -> None:
    assert ui.wait(ui.launch(job="refresh")) == "SUCCESS"
    assert ui.out_of_date() == {}


def _unsynced_in_the_browser(ui: DagsterUi, asset: str) -> bool:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(f"{ui.address}/assets/{asset}?view=overview", wait_until="domcontentloaded")
        page.get_by_text("Unsynced").first.wait_for(timeout=60_000)
        browser.close()
    return True


def _observe_sources(ui: DagsterUi) -> None:
    """*Observe* the source files."""
    run_id = ui.launch(["source_files"], job="__ASSET_JOB")
    assert ui.wait(run_id) == "SUCCESS"
