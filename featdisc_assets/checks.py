"""Asset checks, most of them by a select of `sql/checks`: it returns what is wrong, and no rows if the check passes."""

from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import Field, create_model

from featdisc_assets.asking.remedies import remedy
from featdisc_assets.encoders.current import current
from featdisc_assets.graph.metadata import markdown_table
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import embedding

# Checks that pass if their select returns no rows, by name, with the asset that each belongs to.
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


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """A check that compares one figure of each kind with a limit, which is a setting.

    Attributes:
        name: The check, and its select in `sql/checks`, which returns one row per kind that is past the limit.
        asset: The asset that it belongs to.
        description: What holds if it passes.
        limit: The setting, `max_…` or `min_…`, also the variable that the select reads.
        default: The default of the limit, which is between 0 and 1.
        limit_description: When the check warns.
        figure: The column to compare.
        label: The figure in the check's metadata.
        complaint: The sentence for a kind past the limit, formatted with the columns of its row, `limit`, and `remedy`
            for the row's `reason`.
        passed: The sentence if no kind is past the limit.
    """

    name: str
    asset: str
    description: str
    limit: str
    default: float
    limit_description: str
    figure: str
    label: str
    complaint: str
    passed: str


LIMIT_CHECKS = [
    LimitCheck(
        name="failed_share",
        asset="rated_texts",
        description="Few ratings failed.",
        limit="max_failed_share",
        default=0.02,
        limit_description="Warn if more than this share of a kind's rated pieces has no answer, 0 to 1.",
        figure="failed_share",
        label="failed share of {kind} pieces",
        complaint="{failed_share:.1%} of {n_pieces:,} {kind} pieces failed, above {limit:.1%}; {n_reason:,} of"
        " {n_failed:,} are {reason}: {remedy}",
        passed="few ratings failed",
    ),
    LimitCheck(
        name="near_equal_share",
        asset="near_equal_texts",
        description="Few transcripts are near-equal.",
        limit="max_share",
        default=0.1,
        limit_description="Warn if more than this share of the transcripts with a kind has a text of a near-equal"
        " group, 0 to 1.",
        figure="near_equal_share",
        label="near-equal share of {kind} texts",
        complaint="{near_equal_share:.1%} of {n_transcripts:,} transcripts with a {kind} text have one of a near-equal"
        " group, above {limit:.1%}, and every one counts in prevalences; see near_duplicates, and remove spam from the"
        " source",
        passed="few transcripts are near-equal",
    ),
    LimitCheck(
        name="near_duplicate_share",
        asset="cluster_audit",
        description="Few clusters are near-duplicates of another.",
        limit="max_share",
        default=0.15,
        limit_description="Warn if more than this share of a kind's clusters is a near-duplicate of another, 0 to 1.",
        figure="near_duplicate_share",
        label="near-duplicates among {kind} clusters",
        complaint="{n_near_duplicates:,} of {n_clusters:,} {kind} clusters ({near_duplicate_share:.1%}) are"
        " near-duplicates of another, above {limit:.1%}, so that each shows only part of a finding; raise"
        " clusters.target_features_per_cluster, or read each with its cluster_audit.nearest_cluster_id",
        passed="few clusters have a near-duplicate",
    ),
    LimitCheck(
        name="swallowed_share",
        asset="swallowed_themes",
        description="Few recurring phrases are in clusters about something else.",
        limit="max_share",
        default=0.05,
        limit_description="Warn if more than this share of a kind's features contains a swallowed phrase, 0 to 1.",
        figure="swallowed_share",
        label="swallowed share of {kind} features",
        complaint="{n_swallowed:,} recurring phrases of {kind} features are in clusters about something else, in"
        " {swallowed_share:.1%} of the features, above {limit:.1%}; '{phrase}' alone is in {n_transcripts:,}"
        " transcripts, and no label mentions it: see swallowed_themes, and lower clusters.target_features_per_cluster"
        " to get more and smaller clusters",
        passed="few features contain a phrase that no cluster is about",
    ),
    LimitCheck(
        name="clusters_are_stable",
        asset="cluster_stability",
        description="Refits on a sample reproduce most clusters.",
        limit="min_jaccard",
        default=0.5,
        limit_description="Warn if the median over a kind's clusters of the best match in refits on a sample (Jaccard)"
        " is below this. Hennig (2007) calls a cluster below 0.5 dissolved and one above 0.75 valid.",
        figure="median_stability",
        label="median stability of {kind} clusters",
        complaint="{kind}: half of {n_clusters:,} clusters have no better match than {median_stability:.2f} (Jaccard)"
        " in {n_repeats} refits on a sample, below {limit:.2f}; {n_unstable:,} are dissolved: draw no conclusions from"
        " the boundary between two of them; raise clusters.target_features_per_cluster, or stability_features if the"
        " samples were small",
        passed="refits reproduce most clusters, or there were none",
    ),
]


def _offender_check(name: str, asset: str) -> dg.AssetChecksDefinition:
    sql = read_sql(f"checks/{name}")
    grain = sql.partition("\n")[0].removeprefix("-- grain:").strip()

    @dg.asset_check(name=name, asset=asset, description=f"Passes if there are no rows: {grain}")
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


def _limit_check(of: LimitCheck) -> dg.AssetChecksDefinition:
    is_upper = of.limit.startswith("max_")

    def check(config: dg.Config, warehouse: WarehouseResource) -> dg.AssetCheckResult:
        limit: float = getattr(config, of.limit)
        # Every kind is past this limit, so that the metadata shows those that pass too.
        rows = warehouse.open().rows(read_sql(f"checks/{of.name}"), variables={of.limit: -1.0 if is_upper else 2.0})
        past = [row for row in rows if (row[of.figure] > limit if is_upper else row[of.figure] < limit)]
        complaints = [of.complaint.format(**row, limit=limit, remedy=remedy(row.get("reason", ""))) for row in past]
        return dg.AssetCheckResult(
            passed=not past,
            severity=dg.AssetCheckSeverity.WARN,
            description="\n".join(complaints) or of.passed,
            metadata={of.label.format(kind=row["kind"]): row[of.figure] for row in rows},
        )

    field: Any = (float, Field(default=of.default, ge=0, le=1, description=of.limit_description))
    # Dagster reads the config class from the annotation.
    check.__annotations__["config"] = create_model(f"{of.name}_config", __base__=dg.Config, **{of.limit: field})
    return dg.asset_check(name=of.name, asset=of.asset, description=of.description)(check)


@dg.asset_check(name="synonyms_are_nearer", asset="embeddings", description="Synonyms are nearer than other phrases.")
def synonyms_are_nearer(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warn if the encoder does not place phrases of the same meaning next to each other."""
    model = current(warehouse.open())
    if model is None:
        return dg.AssetCheckResult(passed=True, description="nothing is embedded yet")
    share = embedding.synonyms_nearer(model.encode([text for pair in embedding.SYNONYMS for text in pair]))
    return dg.AssetCheckResult(
        passed=share >= 0.75,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{share:.0%} of {2 * len(embedding.SYNONYMS)} phrases have their synonym nearest,"
        f" by {model.identity}",
        metadata={"share": share},
    )


checks = [
    *(_offender_check(name, asset) for name, asset in CHECKS.items()),
    *map(_limit_check, LIMIT_CHECKS),
    synonyms_are_nearer,
]
