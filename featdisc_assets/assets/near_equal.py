"""Near-equal texts in many transcripts: spam, templates, repeated texts."""

from collections.abc import Iterator

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import near_equal as stage
from featdisc_assets.warehouse import Warehouse

# Pieces with features made elsewhere may have no text.
_TEXTS = """
select text_hash, left(any_value(text), $2) as text from pieces
where kind = $1 and n_chars > 0 group by text_hash order by text_hash
"""


class NearEqualConfig(dg.Config):
    """Which texts count as near-equal, and which groups are reported."""

    similarity: float = Field(
        default=stage.SIMILARITY,
        ge=0.3,
        le=1,
        description="Treat two texts as near-equal from this share of common word pairs on, numbers and punctuation"
        " ignored. 1 finds texts that differ in nothing else.",
    )
    min_transcripts: int = Field(
        default=stage.MIN_TRANSCRIPTS,
        ge=2,
        le=1_000_000,
        description="Report only groups in at least this many transcripts.",
    )
    first_chars: int = Field(
        default=stage.FIRST_CHARS,
        ge=50,
        le=100_000,
        description="Compare this many characters from the beginning of each text. More take more time.",
    )


@dg.asset(
    group_name="transcripts",
    kinds={"duckdb"},
    deps=["pieces", "transcripts"],
    code_version=code_version(NearEqualConfig, stage, read_sql("fill/near_equal_texts")),
)
def near_equal_texts(
    context: dg.AssetExecutionContext, config: NearEqualConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per kind and distinct text of a near-equal group, such as a template or a repeated text."""
    db = warehouse.open()
    alike = _group_numbers(db, config)
    given = {"min_transcripts": config.min_transcripts}
    db.refill({"near_equal_texts": read_sql("fill/near_equal_texts")}, given, {"alike": alike})
    for line in lines(db):
        context.log.info(line)
    preview = (
        "select kind, n_transcripts, n_texts, share_of_transcripts, example from near_duplicates"
        " order by n_transcripts desc, group_id limit 20"
    )
    return materialized(context, db, "near_equal_texts", preview=preview)


def lines(db: Warehouse) -> Iterator[str]:
    """A line for the log for each kind with near-equal groups."""
    for row in db.rows("""
        select kind, sum(n_pieces) as n, count(*) as n_groups, max(n_pieces) as largest,
            min_by(example, (-n_pieces, group_id)) as example
        from near_duplicates group by kind order by kind desc"""):
        yield stage.summary_line(row["kind"], int(row["n"]), row["n_groups"], row["largest"], row["example"])


def _group_numbers(db: Warehouse, config: NearEqualConfig) -> pa.Table:
    """Every distinct text with the number of its group."""
    schema = pa.schema({"kind": pa.string(), "text_hash": pa.string(), "number": pa.int64()})
    found = [schema.empty_table()]
    for row in db.rows("select distinct kind from pieces order by kind"):
        texts = db.read(_TEXTS, [row["kind"], config.first_chars])
        sketches = stage.sketches(texts["text"].combine_chunks(), first_chars=config.first_chars)
        numbers = stage.groups(sketches, similarity=config.similarity)
        columns = [pa.repeat(row["kind"], len(texts)), texts["text_hash"], pa.array(numbers)]
        found.append(pa.table(columns, schema=schema))
    return pa.concat_tables(found)
