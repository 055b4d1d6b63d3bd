"""Contrasts between groups of transcripts: models, sources, or any metadata column."""

from collections.abc import Iterator

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.plots import volcano
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import language
from featdisc_assets.stages.language import detect_language
from featdisc_assets.statistics import contrasts, stratified
from featdisc_assets.statistics.stratified import WARN_FROM_AUC
from featdisc_assets.tables import CLUSTER_TABLES
from featdisc_assets.warehouse import Warehouse

# Characters of a text that language detection reads.
LANGUAGE_PREFIX = 600


@dg.asset(
    group_name="analysis",
    kinds={"duckdb"},
    deps=["pieces"],
    code_version=code_version(read_sql("read/new_texts"), language),
)
def text_languages(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per distinct user text: its language, by rules and an offline detector."""
    db = warehouse.open()
    new = db.read(read_sql("read/new_texts"), variables={"prefix": LANGUAGE_PREFIX})
    languages = []
    for i, text in enumerate(new["text"].to_pylist()):
        languages.append(detect_language(text))
        if (i + 1) % 20_000 == 0:
            context.log.info(f"detected the language of {i + 1:,} of {len(new):,} new texts")
    db.append("text_languages", new.select(["text_hash"]).append_column("language", pa.array(languages, pa.string())))
    preview = "select language, count(*) as n_texts from text_languages group by language order by n_texts desc"
    return materialized(context, db, "text_languages", preview=preview, figures={"new texts": len(new)})


class ContrastConfig(dg.Config):
    """Which groups are compared, and how."""

    group_by: list[str] = Field(
        default=["model", "source"],
        description="Columns to compare by: model, source, period, language, or any metadata field. Each group of a"
        " column is compared with all others.",
    )
    stratify_by: str = Field(
        default="",
        description="Stratify by this column (language, or a metadata field such as topic) and combine the strata by"
        " Mantel-Haenszel. Empty does not stratify.",
    )
    min_support: int = Field(
        default=5,
        ge=1,
        description="Test only clusters in at least this many transcripts, inside and outside together.",
    )
    max_groups: int = Field(
        default=20, ge=2, description="Maximum number of groups to compare per column, the largest first."
    )


CONTRASTS_VERSION = code_version(
    ContrastConfig,
    stratified,
    contrasts,
    *(read_sql(f"read/{name}") for name in ("comparisons", "group_contrasts", "group_traits")),
)


@dg.multi_asset(
    name="group_contrasts",
    group_name="analysis",
    specs=[
        dg.AssetSpec(
            "group_contrasts",
            deps=[*CLUSTER_TABLES, "transcripts", "transcript_groups"],
            code_version=CONTRASTS_VERSION,
            kinds={"duckdb", "scipy"},
            description="One row per group and cluster: its prevalence in the group against all others, with a test.",
        ),
        dg.AssetSpec(
            "group_balance",
            deps=["rated_texts", "transcripts", "transcript_groups"],
            code_version=CONTRASTS_VERSION,
            kinds={"duckdb", "scipy"},
            description="One row per compared group, kind and trait: do length or language alone separate the group?",
        ),
    ],
)
def group_contrasts(
    context: dg.AssetExecutionContext, config: ContrastConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Compare each group with all others, and warn where length or language alone separates them."""
    db = warehouse.open()
    compared = _comparisons(context, db, config)
    found = db.schema("group_contrasts").empty_table()
    if compared:
        counts = db.read(
            read_sql("read/group_contrasts"),
            variables={"comparisons": compared, "stratify_by": config.stratify_by or None},
        ).drop_columns(["versus"])
        found = contrasts.contrast_groups(counts, family=["grouped_by"], min_support=config.min_support)
    balance = _balance(db, compared)
    db.replace({"group_contrasts": found, "group_balance": balance})
    for row in balance.filter(pc.is_valid(balance["warning"])).to_pylist():
        context.log.warning(row["warning"])
    n_tests, n_found = pc.count(found["q_value"]).as_py(), pc.sum(pc.less(found["q_value"], 0.05)).as_py() or 0
    context.log.info(f"{n_tests:,} contrasts tested, {n_found:,} significant")
    yield materialized(
        context,
        db,
        "group_contrasts",
        preview=_STRONGEST,
        figures={"tests": n_tests, "significant": n_found}
        | volcano(found["odds_ratio"], found["q_value"], "group_contrasts"),
    )
    yield materialized(context, db, "group_balance", preview="from group_balance order by tells_apart desc limit 15")


_STRONGEST = """
select grouped_by, group_value, kind, label, k_in / n_in as prevalence, k_out / n_out as elsewhere, design, q_value
from group_contrasts left join cluster_names using (cluster_id)
where q_value < 0.05 order by odds_ratio_low desc limit 15"""


def _comparisons(
    context: dg.AssetExecutionContext, db: Warehouse, config: ContrastConfig
) -> list[dict[str, str | None]]:
    rows = db.rows(read_sql("read/comparisons"), variables={"grouped_by": config.group_by})
    chosen: list[dict[str, str | None]] = []
    for column in config.group_by:
        groups = [row for row in rows if row["grouped_by"] == column]
        if len(groups) < 2:
            context.log.info(f"{column}: {'only one group' if groups else 'no transcript has it'}, nothing to compare")
            continue
        if len(groups) > config.max_groups:
            context.log.warning(
                f"{column} has {len(groups):,} groups, of which the {config.max_groups} largest are compared; raise"
                " group_contrasts.max_groups to compare more."
            )
        chosen += [
            {name: row[name] for name in ("grouped_by", "group_value", "versus")} for row in groups[: config.max_groups]
        ]
    return chosen


def _balance(db: Warehouse, compared: list[dict[str, str | None]]) -> pa.Table:
    """For each compared group and kind: how well the length of pieces, or the user's language, separates it."""
    traits = db.read(read_sql("read/group_traits"))
    groups = db.read(
        "select transcript_id, grouped_by, group_value from transcript_groups where list_contains($1, grouped_by)",
        [sorted({str(one["grouped_by"]) for one in compared})],
    )
    rows = []
    for kind in ("user", "thought", "response"):
        of_kind = traits.filter(pc.equal(traits["kind"], kind))
        for one in compared:
            column = groups.filter(pc.equal(groups["grouped_by"], one["grouped_by"]))
            at = pc.index_in(of_kind["transcript_id"], value_set=column["transcript_id"])
            is_in = pc.equal(column["group_value"].take(at), one["group_value"]).drop_null().to_numpy()
            grouped = of_kind.filter(pc.is_valid(at))
            language = pc.fill_null(grouped["language"], "?").combine_chunks().dictionary_encode().indices.to_numpy()
            scores = {"length": grouped["n_chars"].to_numpy().astype(np.float64)}
            scores["language"] = stratified.category_share(language.astype(np.int64), is_in)
            for trait, score in scores.items():
                area = stratified.separation_auc(score, is_in)
                rows.append({
                    "grouped_by": one["grouped_by"], "group_value": one["group_value"], "kind": kind, "trait": trait,
                    "n_in": int(is_in.sum()), "n_out": int((~is_in).sum()), "tells_apart": area,
                    "warning": _warning(one, kind, trait, area),
                })  # fmt: skip
    return pa.Table.from_pylist(rows, schema=db.schema("group_balance"))


def _warning(one: dict[str, str | None], kind: str, trait: str, area: float | None) -> str | None:
    if area is None or area < WARN_FROM_AUC:
        return None
    remedy = "set stratify_by to language" if trait == "language" else "interpret its contrasts with care"
    what = "the language of the user's turns" if trait == "language" else f"the length of its {kind} pieces"
    return (
        f"{one['grouped_by']} {one['group_value']}: {what} alone separates it from the others (area under ROC"
        f" {area:.2f}, 0.5 is chance, the limit is {WARN_FROM_AUC}); {remedy}."
    )
