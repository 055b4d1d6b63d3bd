"""Audit of clusters: near-duplicates, swallowed themes, stability under refits, and sizes."""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.clusterers.quality import stability, wording
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import audit, clustering
from featdisc_assets.tables.audit import read_clusters, read_settings
from featdisc_assets.transcript import ALL_KINDS
from featdisc_assets.warehouse import Warehouse


class AuditConfig(dg.Config):
    """What counts as a near-duplicate, a swallowed theme and a small cluster, and how stability is measured."""

    twin_similarity: float = Field(
        default=0.85,
        ge=0,
        le=2,
        description="Flag two clusters of one kind and sense as near-duplicates from this similarity on. At 1, members"
        " are as near to the other cluster's members as to their own. Lower it to flag more.",
    )
    twin_terms: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Flag a cluster and its nearest other as near-duplicates in words from this share of common"
        " distinctive terms on.",
    )
    min_family_features: int = Field(
        default=0,
        ge=0,
        description="Ignore phrases in fewer features than this. 0 takes a tenth of the mean cluster size, at least 5.",
    )
    max_family_share: float = Field(
        default=0.02,
        gt=0,
        le=1,
        description="Ignore phrases in more than this share of a kind's features: they are too common for a theme.",
    )
    max_visibility: float = Field(
        default=0.4,
        gt=0,
        le=1,
        description="Consider a phrase swallowed only if its features share a word with less than this share of their"
        " clusters' members, on average. Raise it to find more, including parts of a cluster's theme.",
    )
    max_host_cohesion: float = Field(
        default=0.8,
        gt=0,
        description="Consider a phrase swallowed only in mixed clusters, with a cohesion below this (1 is usual).",
    )
    max_family_f1: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Do not report phrases with a cluster of their own: one with at least this F1 for the phrase.",
    )
    min_cohesion: float = Field(
        default=0.8,
        ge=0,
        description="Report a phrase only if its features have at least this cohesion (1 is usual within clusters),"
        " which excludes words with two senses.",
    )
    stability_repeats: int = Field(
        default=2,
        ge=0,
        le=100,
        description="Number of refits on samples of the features, to measure stability. 0 skips them and saves time.",
    )
    stability_share: float = Field(default=0.7, gt=0, le=1, description="Share of a kind's features in a sample.")
    stability_features: int = Field(
        default=20_000,
        ge=100,
        description="Maximum number of features in a sample, or twelve per cluster if that is more. It limits the time."
        " Small samples underestimate stability; raise it for absolute figures.",
    )
    small_transcripts: int = Field(
        default=5, ge=1, description="Count clusters in fewer transcripts than this as small in `cluster_profile`."
    )


_TABLES = {
    "cluster_audit": "One row per cluster: its nearest other, whether they are near-duplicates in vectors or words, its"
    " cohesion in both, and its stability.",
    "swallowed_themes": "One row per kind and recurring phrase without a cluster: its features are in clusters about"
    " other things.",
    "cluster_stability": "One row per kind and refit of a sample: its agreement with the existing clusters.",
    "cluster_profile": "One row per kind: coverage and sizes of its clusters, and how many have each problem.",
}
_VERSION = code_version(
    AuditConfig,
    *(audit, clustering),
    *(read_sql(f"fill/{name}") for name in ("cluster_audit", "swallowed_themes", "cluster_profile")),
)


@dg.multi_asset(
    name="cluster_audit",
    group_name="quality",
    specs=[
        dg.AssetSpec(
            name,
            deps=["clusters", "cluster_members", "features", "vocabulary", "embeddings"],
            code_version=_VERSION,
            kinds={"duckdb", "scikitlearn"},
            description=description,
        )
        for name, description in _TABLES.items()
    ],
)
def cluster_audit(
    context: dg.AssetExecutionContext, config: AuditConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Audit each kind's clusters in vectors and words, and by refits on samples."""
    db = warehouse.open()
    audited = [found for kind in ALL_KINDS if (found := _audit_kind(db, kind, config)) is not None]
    for found in audited:
        again = [row["mean_jaccard"] for row in found.repeats if row["mean_jaccard"] is not None]
        context.log.info(
            f"{found.kind}: {sum(row['is_near_duplicate'] for row in found.clusters):,} of {len(found.clusters):,}"
            f" clusters have a near-duplicate; {len(found.themes.phrases):,} of {found.themes.n_phrases:,} recurring"
            f" phrases are swallowed; mean Jaccard of refits {', '.join(f'{mean:.2f}' for mean in again) or 'unknown'}"
        )
    _write(db, config, audited)
    for table in _TABLES:
        yield materialized(context, db, table, preview=_PREVIEWS[table])


_PREVIEWS = {
    "cluster_audit": """
        select kind, own.label, other.label as nearest, nearest_similarity, shared_terms, stability
        from cluster_audit left join cluster_names as own using (cluster_id)
        left join cluster_names as other on nearest_cluster_id = other.cluster_id
        order by nearest_similarity desc limit 15""",
    "swallowed_themes": """
        select kind, phrase, n_transcripts, n_features, n_clusters, visibility, best_f1, examples
        from swallowed_themes order by n_transcripts desc, kind, phrase limit 15""",
    "cluster_stability": "from cluster_stability order by kind, repeat",
    "cluster_profile": "from cluster_profile",
}


@dataclass(frozen=True, slots=True)
class _AuditedKind:
    kind: str
    clusters: audit.Rows
    themes: audit.SwallowedThemes
    repeats: audit.Rows


def _audit_kind(db: Warehouse, name: str, config: AuditConfig) -> _AuditedKind | None:
    """All that the tables say of one kind; nothing where it has no cluster."""
    kind = read_clusters(db, name)
    if kind is None:
        return None
    settings = read_settings(db, name)
    again = (
        []
        if settings is None
        else list(
            audit.refit_samples(
                kind,
                settings,
                lambda points, **knobs: clustering.fit(points, **knobs).labels,
                repeats=config.stability_repeats,
                share=config.stability_share,
                at_most=config.stability_features,
            )
        )
    )
    words = wording.words_of(kind.texts)
    held = wording.table(words)
    return _AuditedKind(
        kind=name,
        clusters=audit.audit_clusters(
            kind,
            words,
            held,
            stability.mean_over_repeats([found for _, found in again], len(kind.clusters)),
            twin_similarity=config.twin_similarity,
            twin_terms=config.twin_terms,
        ),
        themes=audit.find_swallowed(
            kind,
            words,
            held,
            min_features=config.min_family_features,
            max_share=config.max_family_share,
            max_f1=config.max_family_f1,
            max_visibility=config.max_visibility,
            max_host=config.max_host_cohesion,
            min_cohesion=config.min_cohesion,
        ),
        repeats=[row for row, _ in again],
    )


def _write(db: Warehouse, config: AuditConfig, audited: list[_AuditedKind]) -> None:
    """All four tables together."""
    incoming = {
        "audited": _table(db, "cluster_audit", [row for found in audited for row in found.clusters]),
        "phrases": _table(db, "swallowed_themes", [row for found in audited for row in found.themes.phrases]),
        "holders": audit.phrase_features([(found.kind, found.themes) for found in audited]),
        "repeats": _table(db, "cluster_stability", [row for found in audited for row in found.repeats]),
        "kinds": pa.Table.from_pylist(
            [
                {"kind": found.kind}
                | {"n_phrases": found.themes.n_phrases, "n_features_swallowed": found.themes.n_features}
                for found in audited
            ],
            schema=pa.schema({"kind": pa.string(), "n_phrases": pa.int64(), "n_features_swallowed": pa.int64()}),
        ),
    }
    selects = {name: read_sql(f"fill/{name}") for name in ("cluster_audit", "swallowed_themes")}
    selects["cluster_stability"] = "select * from repeats order by kind, repeat"
    selects["cluster_profile"] = read_sql("fill/cluster_profile")
    given = {"small_transcripts": config.small_transcripts, "unstable_below": stability.DISSOLVED}
    db.refill(selects, given, incoming)


def _table(db: Warehouse, name: str, rows: audit.Rows) -> pa.Table:
    """Rows with the types of a table's columns, of which they may have a part."""
    return pa.Table.from_pylist(rows, schema=db.schema(name))
