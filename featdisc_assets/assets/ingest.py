"""Transcripts in: read, set the unreadable aside, split into pieces."""

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
from featdisc_assets.tables.staging import gather, keep_quarantine, make_room, remembered, split_turns, take_place
from featdisc_assets.transcript import ALL_KINDS, KINDS
from featdisc_assets.warehouse import Warehouse


class SourceConfig(dg.Config):
    """Where transcripts come from."""

    source: list[str] = Field(
        default=[],
        description="Files, folders or globs of transcripts (JSONL, JSON, CSV, Parquet, Arrow, Inspect logs; gzip and"
        " zstd too), or hf://datasets/OWNER/NAME[@REVISION][/PATH]. Empty reads what this home was last loaded from, in"
        " the way it was, or else the bundled sample.",
    )
    format: str = Field(
        default="auto",
        description="How rows are read: auto looks at each row's content; or one of "
        + ", ".join(sorted(formats.FORMATS))
        + ".",
    )
    map: list[str] = Field(
        default=[],
        description="Where odd columns keep what: FIELD=PATH, such as messages=log.steps or user=question, and"
        " role:NAME=ROLE, such as role:bot=assistant. Goes before format.",
    )
    tools: bool = Field(
        default=False,
        description="Keep what passed to and from tools as pieces of a fourth kind, rated and clustered apart.",
    )
    redact: bool = Field(
        default=False,
        description="Take e-mail addresses, phone and card numbers, IP addresses, keys and similar out of every text"
        " before anything else sees it.",
    )
    allow_empty: bool = Field(
        default=False,
        description="Load a source of which one kind came out empty everywhere, though its rows have a place for it.",
    )

    features: bool = Field(
        default=False,
        description="The sources hold features made elsewhere, a row a piece: transcript_id, kind, features. Rating is"
        " then skipped, and the rest of the graph runs on them.",
    )

    def reading(self) -> formats.Reading:
        """How these settings say that rows are read."""
        return formats.Reading(self.format, tuple(self.map), self.tools, self.redact, self.allow_empty, self.features)


def sources_of(db: Warehouse, config: SourceConfig) -> tuple[list[str], formats.Reading]:
    """What transcripts are read from and how: as set, else as this home was last loaded, else the sample."""
    paths, reading = remembered(db)
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
            ("transcripts", "One row per transcript, whatever it came from."),
            ("turns", "One row per round of a transcript, as it was read."),
            ("dropped_text", "One row per transcript, kind and reason: text that went into no piece, in characters."),
            ("given_features", "One row per piece of features made elsewhere; empty in a home that rates its own."),
            ("quarantine", "One row per input that could not be read, with file, line and reason. The rest loads."),
        )
    ],
)
def transcripts(
    context: dg.AssetExecutionContext, config: SourceConfig, warehouse: WarehouseResource, home: HomeResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Read every source, then put its rows in place of the earlier ones in one step."""
    db = warehouse.open()
    paths, reading = sources_of(db, config)
    salt = home.home.salt().encode()
    # A run of the UI and one of the command line would gather in the same tables.
    with FileLock(home.home.path / "reading.lock"):
        make_room(db)
        try:
            if reading.holds_features:
                gather(db, formats.read_features(paths))
            else:
                gather(db, formats.read(paths, reading=reading, salt=salt, on_progress=_teller(context)))
        except formats.SourceError:
            keep_quarantine(db)
            raise
        take_place(db, paths, reading)
    yield materialized(
        context,
        db,
        "transcripts",
        preview="""
            select source, model, count(*) as transcripts, sum(n_turns) as turns, count(distinct group_key) as groups
            from transcripts group by all order by all limit 20""",
    )
    yield materialized(context, db, "turns")
    yield materialized(context, db, "given_features")
    yield materialized(
        context,
        db,
        "dropped_text",
        preview="select kind, reason, sum(n) as times, sum(n_chars) as characters, count(*) as transcripts"
        " from dropped_text group by all order by characters desc limit 30",
    )
    yield materialized(
        context,
        db,
        "quarantine",
        preview="select source, reason, count(*) as n from quarantine group by all order by n desc limit 20",
    )
    set_aside = db.scalar("select count(*) from quarantine")
    context.log.info(f"{db.scalar('select count(*) from transcripts'):,} transcripts, {set_aside:,} rows set aside")


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
    deps=["turns", "transcripts", "given_features"],
    code_version=code_version(PieceConfig, read_sql("fill/pieces"), read_sql("fill/given_pieces")),
)
def pieces(
    context: dg.AssetExecutionContext, config: PieceConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per piece: all that the user said, all that the model thought, or all that it answered."""
    db = warehouse.open()
    if has_given(db):
        db.refill({"pieces": read_sql("fill/given_pieces")})
    else:
        split_turns(db, config.granularity)
    counts = {row["kind"]: row["n"] for row in db.rows("select kind, count(*) as n from pieces group by kind")}
    shown = [kind for kind in ALL_KINDS if kind in KINDS or kind in counts]
    context.log.info(", ".join(f"{counts.get(kind, 0):,} {kind} pieces" for kind in shown))
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
