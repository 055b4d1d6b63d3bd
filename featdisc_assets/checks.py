"""Asset checks: each file of sql/checks is a select of offenders, and no row means that all is well."""

from typing import Any

import dagster as dg
from pydantic import Field

from featdisc_assets.asking.remedies import remedy
from featdisc_assets.encoders.current import current
from featdisc_assets.graph import audit_checks
from featdisc_assets.graph.metadata import checked_by_kind, markdown_table
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import embedding

# The asset whose page a check stands on.
CHECKS = {
    "every_character_is_accounted_for": "pieces",
    "every_feature_has_a_piece": "features",
    "every_text_is_accounted_for": "rated_texts",
    "every_feature_is_embedded": "embeddings",
    "every_cluster_has_a_parent": "cluster_parents",
    "every_cluster_is_named": "cluster_names",
    "every_parent_is_named": "parent_names",
    "prevalence_is_a_share": "cluster_prevalence",
    "pairs_are_counted_rightly": "cooccurrence",
    "every_contrast_is_tested_or_says_why": "group_contrasts",
    "every_change_is_tested_or_says_why": "drift",
    "every_probe_is_scored_or_says_why": "probes",
    "every_quote_stands_in_its_piece": "evidence",
}


def _check(name: str, asset: str) -> dg.AssetChecksDefinition:
    sql = read_sql(f"checks/{name}")
    grain = sql.partition("\n")[0].removeprefix("-- grain:").strip()

    @dg.asset_check(name=name, asset=asset, description=f"No rows wanted: {grain}")
    def check(warehouse: WarehouseResource) -> dg.AssetCheckResult:
        db = warehouse.open()
        count = db.scalar(f"select count(*) from ({sql})")
        metadata: dict[str, dg.MetadataValue] = {"offenders": dg.MetadataValue.int(count)}
        if count:
            metadata["first ones"] = dg.MetadataValue.md(markdown_table(db.rows(f"select * from ({sql}) limit 10")))
        return dg.AssetCheckResult(
            passed=count == 0,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{count:,} offenders: {grain}" if count else "no offenders",
            metadata=metadata,
        )

    return check


class FailedShareConfig(dg.Config):
    """How many failures are too many."""

    max_failed_share: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Warn where more than this share of a kind's rated pieces came to no answer, 0 to 1.",
    )


@dg.asset_check(name="failed_share", asset="rated_texts", description="Few ratings came to no answer.")
def failed_share(config: FailedShareConfig, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warn of kinds with too many failures: the commonest reason, and what to do about it."""
    # Below every share: those of the kinds that are well are shown too.
    kinds = warehouse.open().rows(read_sql("checks/failed_share"), variables={"max_failed_share": -1.0})
    return checked_by_kind(
        kinds,
        "failed_share",
        shown="failed share of {kind} pieces",
        is_amiss=lambda share: share > config.max_failed_share,
        complain=lambda row: _failed(row, config.max_failed_share),
        well="few ratings failed",
    )


def _failed(row: dict[str, Any], limit: float) -> str:
    return (
        f"{row['failed_share']:.1%} of {row['n_pieces']:,} {row['kind']} pieces failed, above {limit:.1%};"
        f" {row['n_reason']:,} of {row['n_failed']:,} are {row['reason']}: {remedy(row['reason'])}"
    )


class NearEqualShareConfig(dg.Config):
    """How many near-equal texts are too many."""

    max_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Warn where more than this share of the transcripts with a kind hold a text of a near-equal group,"
        " 0 to 1.",
    )


@dg.asset_check(name="near_equal_share", asset="near_equal_texts", description="Few transcripts are near-equal.")
def near_equal_share(config: NearEqualShareConfig, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warn of kinds of which one template, or one text over and over, makes up much."""
    # Below every share: those of the kinds that are well are shown too.
    kinds = warehouse.open().rows(read_sql("checks/near_equal_share"), variables={"max_share": -1.0})
    return checked_by_kind(
        kinds,
        "near_equal_share",
        shown="near-equal share of {kind} texts",
        is_amiss=lambda share: share > config.max_share,
        complain=lambda row: (
            f"{row['near_equal_share']:.1%} of {row['n_transcripts']:,} transcripts with a {row['kind']} text have one"
            f" of a near-equal group, above {config.max_share:.1%}: each counts in every prevalence; look at"
            " near_duplicates, and leave out of the source what is spam"
        ),
        well="few transcripts are near-equal",
    )


@dg.asset_check(name="synonyms_are_nearer", asset="embeddings", description="Synonyms are nearer than strangers.")
def synonyms_are_nearer(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warn of an encoder that does not put phrases of one meaning beside each other."""
    model = current(warehouse.open())
    if model is None:
        return dg.AssetCheckResult(passed=True, description="nothing is encoded yet")
    share = embedding.synonyms_nearer(model.encode([text for pair in embedding.SYNONYMS for text in pair]))
    return dg.AssetCheckResult(
        passed=share >= 0.75,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{share:.0%} of {2 * len(embedding.SYNONYMS)} phrases have their synonym nearest,"
        f" by {model.identity}",
        metadata={"share": share},
    )


checks = [
    *(_check(name, asset) for name, asset in CHECKS.items()),
    failed_share,
    near_equal_share,
    synonyms_are_nearer,
    *audit_checks.checks,
]
