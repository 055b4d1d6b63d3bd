"""Signs that a table says more about the method than about the transcripts."""

from pathlib import Path

import dagster as dg

from featdisc_assets.assets.showing import table_metadata
from featdisc_assets.llm import prompts
from featdisc_assets.places import read_sql
from featdisc_assets.resources import WarehouseResource


@dg.asset(
    group_name="quality",
    kinds={"duckdb"},
    deps=["features", "vocabulary", "text_features", "rated_texts", "rating_plan"],
)
def feature_hygiene(warehouse: WarehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per kind and finding: features that repeat the prompt's examples, say what is absent, or fill a quota."""
    db = warehouse.open()
    folder = db.scalar("select any_value(prompts_folder) from rating_plan")
    examples = prompts.examples(Path(folder) if folder else None)
    db.refill({"feature_hygiene": read_sql("tables/feature_hygiene")}, {"examples": examples})
    return dg.MaterializeResult(
        metadata=table_metadata(
            db, "feature_hygiene", preview="from feature_hygiene where share_of_pieces > 0 limit 30"
        )
    )
