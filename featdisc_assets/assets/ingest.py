"""Transcripts in: read, set the unreadable aside, split into pieces."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets import formats
from featdisc_assets.assets.showing import materialized
from featdisc_assets.home_settings import settings_of
from featdisc_assets.places import read_sql, sample_path
from featdisc_assets.resources import WarehouseResource
from featdisc_assets.stages import intake as stage
from featdisc_assets.transcript import KINDS, Rejected, Transcript
from featdisc_assets.versions import code_version
from featdisc_assets.warehouse import Warehouse, insert

ROWS_A_WRITE = 5_000


@settings_of("transcripts")
class SourceConfig(dg.Config):
    """Where transcripts come from."""

    source: list[str] = Field(
        default=[],
        description="Files, folders or globs of transcripts (JSONL, JSON, CSV, Parquet; gzip too). Empty reads what"
        " this home was last loaded from, or else the bundled sample.",
    )
    format: str = Field(
        default="auto",
        description="How rows are read: auto looks at each row's content; or one of "
        + ", ".join(sorted(formats.FORMATS))
        + ".",
    )


def sources_of(db: Warehouse, config: SourceConfig | None = None) -> list[str]:
    """The paths that transcripts are read from: as set, else as this home was last loaded from, else the sample."""
    given = (config or SourceConfig()).source
    known = db.path.exists() and not given
    remembered = [row["path"] for row in db.rows("select path from sources order by position")] if known else []
    return given or remembered or [str(sample_path())]


INTAKE_VERSION = code_version(SourceConfig, formats, stage)


@dg.multi_asset(
    name="transcripts",
    group_name="transcripts",
    specs=[
        dg.AssetSpec(
            "transcripts",
            deps=["source_files"],
            code_version=INTAKE_VERSION,
            kinds={"duckdb"},
            description="One row per transcript, whatever it came from.",
        ),
        dg.AssetSpec(
            "turns",
            deps=["source_files"],
            code_version=INTAKE_VERSION,
            kinds={"duckdb"},
            description="One row per round of a transcript, as it was read.",
        ),
        dg.AssetSpec(
            "quarantine",
            deps=["source_files"],
            code_version=INTAKE_VERSION,
            kinds={"duckdb"},
            description="One row per input that could not be read, with file, line and reason. The rest loads.",
        ),
    ],
)
def transcripts(
    context: dg.AssetExecutionContext, config: SourceConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Read every source, then put its rows in place of the earlier ones in one step."""
    db = warehouse.open()
    paths = sources_of(db, config)
    with db.transaction() as connection:
        for table in ("transcripts", "turns", "quarantine"):
            connection.execute(f"create or replace table incoming_{table} as from {table} limit 0")
    items = formats.read(paths, format=config.format, on_progress=_teller(context))
    batch: list[Transcript | Rejected] = []
    try:
        for item in items:
            batch.append(item)
            if len(batch) >= ROWS_A_WRITE:
                _append(db, batch)
                batch = []
        _append(db, batch)
    except formats.SourceError:
        _append(db, batch)
        # Why nothing could be read stands in quarantine: keep that, and the transcripts of before.
        db.refill({"quarantine": "from incoming_quarantine"})
        raise
    _swap(db, paths)
    yield materialized(
        context,
        db,
        "transcripts",
        preview="""
            select source, model, count(*) as transcripts, sum(n_turns) as turns, count(distinct group_key) as groups
            from transcripts group by all order by all limit 20""",
    )
    yield materialized(context, db, "turns")
    yield materialized(
        context,
        db,
        "quarantine",
        preview="select source, reason, count(*) as n from quarantine group by all order by n desc limit 20",
    )
    set_aside = db.scalar("select count(*) from quarantine")
    context.log.info(f"{db.scalar('select count(*) from transcripts'):,} transcripts, {set_aside:,} rows set aside")


@settings_of("pieces")
class PieceConfig(dg.Config):
    """How transcripts are split."""

    granularity: str = Field(
        default="conversation",
        description="conversation: one piece per kind and transcript, as in the published method; turn: one per round.",
        pattern="^(conversation|turn)$",
    )


@dg.asset(
    group_name="transcripts",
    kinds={"duckdb"},
    deps=["turns", "transcripts"],
    code_version=code_version(PieceConfig, read_sql("tables/pieces")),
)
def pieces(
    context: dg.AssetExecutionContext, config: PieceConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per piece: all that the user said, all that the model thought, or all that it answered."""
    db = warehouse.open()
    db.refill({"pieces": read_sql("tables/pieces")}, {"granularity": config.granularity})
    counts = {row["kind"]: row["n"] for row in db.rows("select kind, count(*) as n from pieces group by kind")}
    context.log.info(", ".join(f"{counts.get(kind, 0):,} {kind} pieces" for kind in KINDS))
    return materialized(
        context,
        db,
        "pieces",
        preview="""
            select kind, count(*) as pieces, count(distinct text_hash) as distinct_texts,
                median(n_chars) as median_chars, max(n_chars) as longest
            from pieces group by kind order by kind""",
    )


def _teller(context: dg.AssetExecutionContext) -> Callable[[int, int], None]:
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > 5:
            told = time.monotonic()
            context.log.info(f"{done / 2**20:,.0f} of {total / 2**20:,.0f} MiB read")

    return tell


def _append(db: Warehouse, batch: list[Transcript | Rejected]) -> None:
    good = [item for item in batch if isinstance(item, Transcript)]
    bad = [item for item in batch if isinstance(item, Rejected)]
    with db.transaction() as connection:
        rows = stage.transcripts_table(good)
        # Times are UTC throughout, without a zone: DuckDB needs an extension to reckon with zones.
        local = rows["created_at"].cast(pa.timestamp("us"))
        insert(
            connection,
            "incoming_transcripts",
            rows.set_column(rows.schema.get_field_index("created_at"), "created_at", local),
        )
        insert(connection, "incoming_turns", stage.turns_table(good))
        insert(connection, "incoming_quarantine", _quarantine(bad))


def _quarantine(rejected: list[Rejected]) -> pa.Table:
    columns = ("source", "location", "reason", "excerpt")
    return pa.table({name: pa.array([getattr(row, name) for row in rejected], pa.string()) for name in columns})


def _swap(db: Warehouse, paths: list[str]) -> None:
    order = {"transcripts": "transcript_id", "turns": "transcript_id, turn_index", "quarantine": "all"}
    with db.transaction() as connection:
        for table, keys in order.items():
            connection.execute(f"truncate {table}")
            connection.execute(f"insert into {table} by name from incoming_{table} order by {keys}")
            connection.execute(f"drop table incoming_{table}")
        connection.execute("truncate sources")
        absolute = [path if "://" in path else str(Path(path).absolute()) for path in paths]
        insert(connection, "sources", pa.table({"position": range(len(absolute)), "path": absolute}))
