"""Staging tables for new rows, which replace the tables that people read in one transaction."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice, pairwise
from pathlib import Path

import pyarrow as pa

from featdisc_assets.formats import GivenFeatures, Reading
from featdisc_assets.home.places import read_sql, sample_path
from featdisc_assets.stages import intake as stage
from featdisc_assets.transcript import Rejected, Transcript
from featdisc_assets.warehouse import Warehouse, insert

ROWS_A_WRITE = 5_000
TRANSCRIPTS_A_SPLIT = 10_000
# Memory limit for sorting texts; DuckDB spills the rest to disk.
SORTING_MEMORY = "600MB"
# Each is sorted by its keys, so that equal sources give equal bytes.
TABLES = {
    "transcripts": "transcript_id",
    "turns": "transcript_id, turn_index",
    "dropped_text": "transcript_id, kind nulls first, reason",
    "quarantine": "all",
    "given_features": "transcript_id, kind",
}


def last_sources(db: Warehouse) -> tuple[list[str], Reading]:
    """The sources of the last load and how they were read; the bundled sample if there was none."""
    rows = db.rows("select path, reading from sources order by position") if db.path.exists() else []
    paths = [row["path"] for row in rows] or [str(sample_path())]
    stored = json.loads(rows[0]["reading"]) if rows and rows[0]["reading"] else {}
    return paths, Reading.from_stored(stored)


Item = Transcript | GivenFeatures | Rejected


def create_staging_tables(db: Warehouse) -> None:
    """Create the staging tables. Call it before reading the sources."""
    with db.transaction() as connection:
        for table in TABLES:
            connection.execute(f"create or replace table incoming_{table} as from {table} limit 0")


def stage_rows(db: Warehouse, items: Iterable[Item]) -> None:
    """Write what a reader yields to the staging tables, one transaction per batch, including rows before an error."""
    for batch in _batches(items):
        good = [item for item in batch if isinstance(item, Transcript)]
        rows = stage.transcripts_table(good)
        # All times are UTC without a zone: DuckDB needs an extension for time zones.
        local = rows["created_at"].cast(pa.timestamp("us"))
        with db.transaction() as connection:
            insert(
                connection,
                "incoming_transcripts",
                rows.set_column(rows.schema.get_field_index("created_at"), "created_at", local),
            )
            insert(connection, "incoming_turns", stage.turns_table(good))
            insert(connection, "incoming_dropped_text", stage.dropped_table(good))
            insert(
                connection,
                "incoming_given_features",
                stage.given_table(item for item in batch if isinstance(item, GivenFeatures)),
            )
            insert(
                connection, "incoming_quarantine", _quarantine([item for item in batch if isinstance(item, Rejected)])
            )


def keep_quarantine(db: Warehouse) -> None:
    """After a failed load: replace the quarantine, and keep the earlier transcripts."""
    db.refill({"quarantine": "from incoming_quarantine"})


def replace_tables(db: Warehouse, paths: list[str], reading: Reading) -> None:
    """Replace the tables by the staged rows, and store the sources."""
    with db.transaction() as connection:
        connection.execute(f"set memory_limit = '{SORTING_MEMORY}'")
        for table, keys in TABLES.items():
            connection.execute(f"truncate {table}")
            connection.execute(f"insert into {table} by name from incoming_{table} order by {keys}")
            connection.execute(f"drop table incoming_{table}")
        if reading.features:
            connection.execute(f"insert into transcripts by name {read_sql('fill/given_transcripts')}")
        connection.execute("truncate sources")
        absolute = [path if "://" in path else str(Path(path).absolute()) for path in paths]
        how = json.dumps(asdict(reading))
        insert(
            connection,
            "sources",
            pa.table({"position": range(len(absolute)), "path": absolute, "reading": [how] * len(absolute)}),
        )


def split_turns(db: Warehouse, granularity: str) -> None:
    """Make the pieces of all turns, a few thousand transcripts at a time to limit memory."""
    firsts = db.rows(
        "with numbered as (select transcript_id, row_number() over (order by transcript_id) as place from transcripts)"
        " select transcript_id from numbered where place % $1 = 0 order by place",
        [TRANSCRIPTS_A_SPLIT],
    )
    bounds = [None, *(row["transcript_id"] for row in firsts), None]
    with db.transaction() as connection:
        connection.execute("truncate pieces")
        connection.execute("set variable granularity = $1", [granularity])
        for from_id, until_id in pairwise(bounds):
            connection.execute("set variable from_id = $1", [from_id])
            connection.execute("set variable until_id = $1", [until_id])
            connection.execute(f"insert into pieces by name {read_sql('fill/pieces')}")


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Batches of `ROWS_A_WRITE`; the rows before an error are yielded before it is raised."""
    source = iter(items)
    while True:
        batch: list[Item] = []
        try:
            for item in islice(source, ROWS_A_WRITE):
                batch.append(item)
        except BaseException:
            yield batch
            raise
        if not batch:
            return
        yield batch


def _quarantine(rejected: list[Rejected]) -> pa.Table:
    columns = ("source", "location", "reason", "excerpt")
    return pa.table({name: pa.array([getattr(row, name) for row in rejected], pa.string()) for name in columns})
