"""Asset checks: each file of sql/checks is a select of offenders, and no row means that all is well."""

import dagster as dg

from featdisc_assets.assets.showing import markdown_table
from featdisc_assets.places import read_sql
from featdisc_assets.resources import WarehouseResource

# The asset whose page a check stands on.
CHECKS = {
    "every_feature_has_a_piece": "features",
    "every_text_is_accounted_for": "rated_texts",
    "every_feature_is_embedded": "embeddings",
    "every_cluster_is_named": "cluster_names",
    "prevalence_is_a_share": "cluster_prevalence",
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


checks = [_check(name, asset) for name, asset in CHECKS.items()]
