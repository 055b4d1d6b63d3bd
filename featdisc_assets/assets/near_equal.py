"""Texts that many transcripts hold and that differ by little: spam, templates, one text over and over."""

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

# What something else wrote features of may be here without a text.
_TEXTS = """
select text_hash, left(any_value(text), $2) as text from pieces
where kind = $1 and n_chars > 0 group by text_hash order by text_hash
"""


class NearEqualConfig(dg.Config):
    """What is near-equal, and how often it must be there to be worth a word."""

    similarity: float = Field(
        default=stage.SIMILARITY,
        ge=0.3,
        le=1,
        description="Two texts with this share of all their pairs of neighbouring words in common are near-equal,"
        " numbers and signs apart. 1 takes texts alone that differ in nothing else.",
    )
    min_transcripts: int = Field(
        default=stage.MIN_TRANSCRIPTS,
        ge=2,
        le=1_000_000,
        description="A group of near-equal texts that fewer transcripts hold is not told.",
    )
    first_chars: int = Field(
        default=stage.FIRST_CHARS,
        ge=50,
        le=100_000,
        description="So many characters of each text are compared, from its beginning; more take more time.",
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
    """One row per kind and distinct text of a near-equal group: a template with other names, or one text many times."""
    db = warehouse.open()
    alike = _alike(db, config)
    given = {"min_transcripts": config.min_transcripts}
    db.refill({"near_equal_texts": read_sql("fill/near_equal_texts")}, given, {"alike": alike})
    for line in lines(db):
        context.log.info(line)
    return materialized(
        context,
        db,
        "near_equal_texts",
        preview="select kind, n_transcripts, n_texts, share_of_transcripts, example from near_duplicates"
        " order by n_transcripts desc, group_id limit 20",
    )


def lines(db: Warehouse) -> Iterator[str]:
    """A line for each kind that has near-equal groups."""
    for row in db.rows("""
        select kind, sum(n_pieces) as n, count(*) as n_groups, max(n_pieces) as largest,
            min_by(example, (-n_pieces, group_id)) as example
        from near_duplicates group by kind order by kind desc"""):
        yield stage.summary_line(row["kind"], int(row["n"]), row["n_groups"], row["largest"], row["example"])


def _alike(db: Warehouse, config: NearEqualConfig) -> pa.Table:
    """Every distinct text with the number of its group, one kind at a time."""
    schema = pa.schema({"kind": pa.string(), "text_hash": pa.string(), "number": pa.int64()})
    found = [schema.empty_table()]
    for row in db.rows("select distinct kind from pieces order by kind"):
        texts = db.read(_TEXTS, [row["kind"], config.first_chars])
        sketches = stage.sketches(texts["text"].combine_chunks(), first_chars=config.first_chars)
        numbers = stage.groups(sketches, similarity=config.similarity)
        columns = [pa.repeat(row["kind"], len(texts)), texts["text_hash"], pa.array(numbers)]
        found.append(pa.table(columns, schema=schema))
    return pa.concat_tables(found)
