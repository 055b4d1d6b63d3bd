"""What `featdisc run`, `refresh` and `plan` print when they end."""

import datetime as dt
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from featdisc_assets.asking.progress_log import short_count
from featdisc_assets.asking.remedies import remedy
from featdisc_assets.assets import near_equal
from featdisc_assets.assets.embedding import EncoderConfig, still_to_pay
from featdisc_assets.encoders import is_remote
from featdisc_assets.home.places import Home
from featdisc_assets.home.settings import config_of
from featdisc_assets.llm.surface_model import SURFACE
from featdisc_assets.report import read_query
from featdisc_assets.transcript import ALL_KINDS
from featdisc_assets.warehouse import Warehouse


def summarise(home: Home, *, option: str, since: dt.datetime, most: int = 8) -> None:
    """Print the most prevalent clusters of each kind, then what `show_totals` prints.

    Args:
        home: The home of a finished run.
        option: The ` --home PATH` that a command needs to find this home, or nothing.
        since: When the run began, UTC without a zone.
        most: The number of clusters of each kind.
    """
    _show_clusters(Console(), Warehouse(home.warehouse), most)
    show_totals(home, option=option, since=since)


def show_totals(home: Home, *, option: str, since: dt.datetime) -> None:
    """Print what a run cost, what failed, and the next commands; see `summarise` for the arguments."""
    db, console = Warehouse(home.warehouse), Console()
    model = db.scalar("select any_value(model) from rating_plan")
    if model == SURFACE:
        console.print(
            f"Rated by {SURFACE}: built-in rules, not a language model. Choose one with --model.", soft_wrap=True
        )
    command = _command()
    for line in (
        *spending(db, since),
        *failures(db),
        *_near_equal(db),
        f"warehouse   {home.warehouse}",
        f"report      {home.report}",
        f'query       {command} sql{option} "from surprising_pairs limit 10"',
        f"Dagster UI  {command} ui{option}    (in a checkout: make ui)",
    ):
        console.print(Text(line), soft_wrap=True)


def show_plan(home: Home, *, option: str) -> None:
    """Print the requests that rating would make for each kind, and their cost."""
    db = Warehouse(home.warehouse)
    rows = db.rows("from rating_plan order by kind desc")
    table = Table(title="Rating plan", title_justify="left", title_style="bold", pad_edge=False)
    for name in ("texts", "known", "failed", "new", "changed", "tokens in", "tokens out", "dollars"):
        table.add_column(name, justify="right")
    table.add_column("kind")
    for row in rows:
        dollars = "unknown" if row["pending_usd"] is None else f"{row['pending_usd']:,.2f}"
        counts = (row[name] for name in ("n_texts", "n_answered", "n_failed", "n_new", "n_changed"))
        tokens = (short_count(row[name]) for name in ("pending_tokens_in", "pending_tokens_out"))
        table.add_row(*(f"{count or 0:,}" for count in counts), *tokens, dollars, row["kind"])
    console = Console()
    console.print(table, "")
    for line in (*_model_lines(rows), *_vectors(home, db, rows), *_near_equal(db)):
        console.print(Text(line), soft_wrap=True)
    console.print(Text(f"run it      {_command()} run{option}"), soft_wrap=True)


def _near_equal(db: Warehouse) -> list[str]:
    return [f"near-equal  {line}" for line in near_equal.lines(db)]


def _model_lines(rows: list[dict[str, Any]]) -> list[str]:
    first = rows[0]
    hours = [row["pending_hours"] for row in rows if row["pending_hours"] is not None]
    lines = [f"model       {first['model']}, {first['mode']}"]
    if sum(row["n_pending"] for row in rows):
        lines.append(
            f"time        {max(sum(hours), 1 / 60):,.1f} hours at the speed of earlier runs"
            if hours
            else "time        unknown before the first answers of this model"
        )
    if first["budget_usd"] is not None:
        lines.append(f"budget      ${first['spent_usd']:,.2f} of ${first['budget_usd']:,.2f} is spent")
    return lines


def _vectors(home: Home, db: Warehouse, rows: list[dict[str, Any]]) -> list[str]:
    """What embeddings from a server will cost, which the table of ratings leaves out and the budget counts."""
    config = config_of(home, "embeddings", EncoderConfig)
    if not is_remote(config.encoder):
        return []
    tokens, dollars = still_to_pay(db, config.server(), answer_tokens=sum(row["pending_tokens_out"] for row in rows))
    price = "at an unknown price" if dollars is None else f"${dollars:,.2f}"
    return [f"vectors     about {short_count(tokens)} tokens to {config.encoder}, {price}, not in the table"]


def _command() -> str:
    return "featdisc" if shutil.which("featdisc") else os.path.relpath(Path(sys.executable).with_name("featdisc"))


def spending(db: Warehouse, since: dt.datetime) -> list[str]:
    """What calls of models other than the built-in one cost, in this run and in total."""
    rows = db.rows(
        """
        select created_at >= $1 as is_new, count(*) as n_attempts, coalesce(sum(tokens_in), 0) as tokens_in,
            coalesce(sum(tokens_out), 0) as tokens_out, coalesce(sum(cost_usd), 0) as dollars,
            count(*) filter (
                where cost_usd is null and (tokens_in is not null or raw_answer is not null)
            ) as n_unpriced
        from ratings where model != $2 group by is_new""",
        [since, SURFACE],
    )
    if not rows:
        return []
    names = ("n_attempts", "tokens_in", "tokens_out", "dollars", "n_unpriced")
    whole = {name: sum(row[name] for row in rows) for name in names}
    run = next((row for row in rows if row["is_new"]), dict.fromkeys(names, 0))
    return [f"this run    {_cost(run)}", f"all runs    {_cost(whole)}"]


def _cost(row: dict[str, Any]) -> str:
    if not row["n_attempts"]:
        return "no requests, no cost"
    tokens = f"{short_count(int(row['tokens_in']))} tokens in, {short_count(int(row['tokens_out']))} out"
    dollars = [f"${row['dollars']:,.2f}"] if row["dollars"] or not row["n_unpriced"] else []
    dollars += [f"{row['n_unpriced']:,} answers of unknown price"] if row["n_unpriced"] else []
    return f"{row['n_attempts']:,} attempts, {tokens}, {' and '.join(dollars)}"


def failures(db: Warehouse) -> list[str]:
    """A line for each kind and status of requests without an answer, with the remedy."""
    rows = db.rows(
        """
        select kind, status, sum(n_pieces) as n, sum(sum(n_pieces)) over (partition by kind) as of_kind
        from coverage group by kind, status
        qualify status not in ('ok', 'repaired', 'too_few', 'pending') order by n desc, kind, status"""
    )
    lines = [
        f"failed      {int(row['n']):,} of {int(row['of_kind']):,} {row['kind']} pieces, {row['status']}:"
        f" {remedy(row['status'])}"
        for row in rows
    ]
    unnamed = db.rows("""
        select what, status, count(*) as n from (
            select 'clusters' as what, label, status from cluster_names
            union all select 'themes and areas' as what, label, status from parent_names
        )
        where label is null and status != 'not_asked' group by all order by all""")
    lines += [
        f"unnamed     {row['n']:,} {row['what']}, {row['status']}:"
        f" {remedy(row['status'], 'cluster_names' if row['what'] == 'clusters' else 'parent_names')}"
        for row in unnamed
    ]
    return lines


def _show_clusters(console: Console, db: Warehouse, most: int) -> None:
    # The same clusters as at the top of the report: no flagged mentions, no clusters of too few people.
    prevalent = db.rows(read_query("prevalent"))
    for kind in ALL_KINDS:
        rows = [row for row in prevalent if row["kind"] == kind][:most]
        table = Table(
            title=f"Most prevalent in {kind} pieces", title_justify="left", title_style="bold", pad_edge=False
        )
        table.add_column("transcripts", justify="right")
        table.add_column("share", justify="right")
        table.add_column("interest", justify="right")
        table.add_column("cluster")
        for row in rows:
            share = f"{row['prevalence']:.0%}"
            interest = "" if row["interest"] is None else f"{row['interest']:.0f}"
            table.add_row(
                f"{row['n_transcripts']} of {row['n_rated_transcripts']}",
                share,
                interest,
                Text(row["label"] or "(unnamed)"),
            )
        if rows:
            console.print(table, "")
