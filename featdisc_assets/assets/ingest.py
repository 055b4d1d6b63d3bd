"""Sources to transcripts and pieces; unreadable rows go to the quarantine."""

import time
from collections.abc import Callable, Iterator

import dagster as dg
from filelock import FileLock
from pydantic import Field

from featdisc_assets import formats
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import intake as stage
from featdisc_assets.tables.given_features import has_given
from featdisc_assets.tables.staging import (
    create_staging_tables,
    keep_quarantine,
    last_sources,
    replace_tables,
    split_turns,
    stage_rows,
)
from featdisc_assets.transcript import ALL_KINDS, KINDS
from featdisc_assets.warehouse import Warehouse


class SourceConfig(dg.Config):
    """Which sources are read, and how."""

    source: list[str] = Field(
        default=[],
        description="Files, folders or globs of transcripts (JSONL, JSON, CSV, Parquet, Arrow, Inspect logs; gzip and"
        " zstd too), or hf://datasets/OWNER/NAME[@REVISION][/PATH]. Empty reads the sources of the last load in the"
        " same way, at first the bundled sample.",
    )
    format: str = Field(
        default="auto",
        description="Format of the rows: auto detects it row by row; or one of "
        + ", ".join(sorted(formats.FORMATS))
        + ".",
    )
    map: list[str] = Field(
        default=[],
        description="Mapping for other column names: FIELD=PATH, such as messages=log.steps or user=question, and"
        " role:NAME=ROLE, such as role:bot=assistant. It overrides format.",
    )
    tools: bool = Field(
        default=False,
        description="Keep tool calls and results as pieces of a fourth kind, which is rated and clustered separately.",
    )
    redact: bool = Field(
        default=False,
        description="Remove e-mail addresses, phone and card numbers, IP addresses, keys and similar from every text"
        " on reading.",
    )
    allow_empty: bool = Field(
        default=False,
        description="Load a source even if one kind is empty in all rows although they have a field for it.",
    )

    features: bool = Field(
        default=False,
        description="Read features that were made elsewhere instead of transcripts, one row per piece: transcript_id,"
        " kind, features. Rating is then skipped.",
    )

    def reading(self) -> formats.Reading:
        """The reading options."""
        return formats.Reading(self.format, tuple(self.map), self.tools, self.redact, self.allow_empty, self.features)


def sources_of(db: Warehouse, config: SourceConfig) -> tuple[list[str], formats.Reading]:
    """The sources and reading options: from the config, else of the last load, else the sample."""
    paths, reading = last_sources(db)
    if config.source or config.reading() != formats.Reading():
        reading = config.reading()
    return config.source or paths, reading


INTAKE_VERSION = code_version(SourceConfig, formats, stage)


@dg.multi_asset(
    name="transcripts",
    group_name="transcripts",
    specs=[
        dg.AssetSpec(name, deps=["source_files"], code_version=INTAKE_VERSION, kinds={"duckdb"}, description=grain)
        for name, grain in (
            ("transcripts", "One row per transcript of any source and format."),
            ("turns", "One row per turn of a transcript."),
            ("dropped_text", "One row per transcript, kind and reason: characters of text that are in no piece."),
            (
                "given_features",
                "One row per piece with features that were made elsewhere. Empty if the home rates its pieces.",
            ),
            ("quarantine", "One row per unreadable input, with file, line and reason."),
        )
    ],
)
def transcripts(
    context: dg.AssetExecutionContext, config: SourceConfig, warehouse: WarehouseResource, home: HomeResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Read every source, then replace the earlier rows in one transaction."""
    db = warehouse.open()
    paths, reading = sources_of(db, config)
    salt = home.home.salt().encode()
    # Runs of the UI and of the command line use the same staging tables.
    with FileLock(home.home.path / "reading.lock"):
        create_staging_tables(db)
        try:
            if reading.features:
                stage_rows(db, formats.read_features(paths))
            else:
                stage_rows(db, formats.read(paths, reading=reading, salt=salt, on_progress=_progress(context)))
        except formats.SourceError:
            keep_quarantine(db)
            raise
        replace_tables(db, paths, reading)
    preview = """
        select source, model, count(*) as transcripts, sum(n_turns) as turns, count(distinct group_key) as groups
        from transcripts group by all order by all limit 20"""
    yield materialized(context, db, "transcripts", preview=preview)
    yield materialized(context, db, "turns")
    yield materialized(context, db, "given_features")
    preview = (
        "select kind, reason, sum(n) as times, sum(n_chars) as characters, count(*) as transcripts"
        " from dropped_text group by all order by characters desc limit 30"
    )
    yield materialized(context, db, "dropped_text", preview=preview)
    preview = "select source, reason, count(*) as n from quarantine group by all order by n desc limit 20"
    yield materialized(context, db, "quarantine", preview=preview)
    rejected = db.scalar("select count(*) from quarantine")
    context.log.info(f"{db.scalar('select count(*) from transcripts'):,} transcripts, {rejected:,} rows in quarantine")


class PieceConfig(dg.Config):
    """How transcripts are split into pieces."""

    granularity: str = Field(
        default="conversation",
        description="conversation makes one piece per kind and transcript, as in the published method; turn makes one"
        " per turn.",
        pattern="^(conversation|turn)$",
    )


@dg.asset(
    group_name="transcripts",
    kinds={"duckdb"},
    deps=["turns", "transcripts", "given_features"],
    code_version=code_version(PieceConfig, read_sql("fill/pieces"), read_sql("fill/given_pieces")),
)
def pieces(
    context: dg.AssetExecutionContext, config: PieceConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per piece: all user text, all thoughts or all responses of a transcript (or turn)."""
    db = warehouse.open()
    if has_given(db):
        db.refill({"pieces": read_sql("fill/given_pieces")})
    else:
        split_turns(db, config.granularity)
    counts = {row["kind"]: row["n"] for row in db.rows("select kind, count(*) as n from pieces group by kind")}
    shown = [kind for kind in ALL_KINDS if kind in KINDS or kind in counts]
    context.log.info(", ".join(f"{counts.get(kind, 0):,} {kind} pieces" for kind in shown))
    preview = """
        select kind, count(*) as pieces, count(distinct text_hash) as distinct_texts,
            median(n_chars) as median_chars, max(n_chars) as longest
        from pieces group by kind order by kind"""
    return materialized(context, db, "pieces", preview=preview)


def _progress(context: dg.AssetExecutionContext) -> Callable[[int, int], None]:
    logged = time.monotonic()

    def log(done: int, total: int) -> None:
        nonlocal logged
        if time.monotonic() - logged > 5:
            logged = time.monotonic()
            context.log.info(f"{done / 2**20:,.0f} of {total / 2**20:,.0f} MiB read")

    return log
