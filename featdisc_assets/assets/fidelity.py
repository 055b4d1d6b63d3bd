"""Fidelity of labels: do they separate their cluster's members from the nearest clusters' members?"""

import random
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from featdisc_assets.asking import label_trials
from featdisc_assets.asking.label_trials import LabelTrial, label_vectors, mean_by_kind, try_labels
from featdisc_assets.asking.model_choice import OwnModelConfig, ask_chosen_model, choose_model
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answers import PhraseFits
from featdisc_assets.llm.request import Request
from featdisc_assets.stages import fidelity as stage
from featdisc_assets.stages.fidelity import Fidelity, fidelity
from featdisc_assets.warehouse import Warehouse

VECTORS = "vectors"
JUDGE = "judge"


class FidelityConfig(OwnModelConfig):
    """How labels are tested, and whether a model judges them, too."""

    prompts: ClassVar[tuple[str, ...]] = ("judge/phrases",)

    per_side: int = Field(
        default=40,
        ge=2,
        le=200,
        description="Maximum number of members, and of neighbours' members, to test each label on. Raise it for"
        " narrower intervals.",
    )
    min_fidelity: float = Field(
        default=0.7, ge=0, le=1, description="Flag labels with a lower AUC: 0.5 is chance, 1 is perfect."
    )
    judge_clusters: int = Field(
        default=0,
        ge=0,
        description="Number of random clusters that a model judges, one request each. 0 makes no requests.",
    )
    judge_phrases: int = Field(
        default=10,
        ge=2,
        le=25,
        description="Number of members, and of other features, that the judging model sees of each cluster.",
    )


@dg.asset(
    group_name="quality",
    kinds={"duckdb", "llm"},
    deps=["cluster_names", "clusters", "cluster_members", "embeddings", "vocabulary"],
    code_version=code_version(
        FidelityConfig, read_sql("read/labels_on_trial"), read_sql("read/fidelity_items"), *(label_trials, stage)
    ),
)
def label_fidelity(
    context: dg.AssetExecutionContext, config: FidelityConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per named cluster and method: the AUC of its label for members against neighbours' members."""
    db = warehouse.open()
    named = db.rows(read_sql("read/labels_on_trial"))
    trials = [LabelTrial(**{name: row[name] for name in LabelTrial.__slots__}) for row in named]
    vectors = label_vectors(db, [(trial.label, trial.description) for trial in trials])
    common = mean_by_kind(vectors, [trial.kind for trial in trials]) if trials else {}
    found, items = try_labels(db, trials, vectors, common, per_side=config.per_side)
    # The fewer labels there are, the more exchanges a stable chance level takes.
    exchanges = min(20, -(-1_000 // max(1, len(trials))))
    at_chance = np.array(
        [
            try_labels(db, trials, vectors[strangers], common, per_side=config.per_side)[0].auc
            for strangers in _exchanged(trials, times=exchanges, seed=config.seed)
        ]
    ).mean(axis=0)
    rows = _rows(trials, found, items, VECTORS, config, at_chance=at_chance)
    rows += _ask_judge(context, db, home, config, trials, items)
    db.replace({"label_fidelity": pa.Table.from_pylist(rows, schema=db.schema("label_fidelity"))})
    for row in db.rows("from fidelity_summary where n_tried > 0 and method = 'vectors' order by kind, basis"):
        context.log.info(
            f"{row['kind']}: {row['n_tried']:,} labels on members {row['basis']}: mean AUC {row['mean_auc']:.3f},"
            f" {row['mean_auc_exchanged']:.3f} for exchanged labels; {row['n_poor']:,} are poor"
        )
    preview = """
        select method, kind, label, auc, auc_low, auc_high, is_poor
        from label_fidelity inner join cluster_names using (cluster_id) order by auc, cluster_id limit 20"""
    return materialized(
        context,
        db,
        "label_fidelity",
        preview=preview,
        figures={"judge": "on" if config.judge_clusters else "off: set label_fidelity.judge_clusters to switch it on"},
    )


def _exchanged(trials: Sequence[LabelTrial], *, times: int, seed: int) -> list[list[int]]:
    """`times` assignments of another label of the kind to each cluster: they give the chance level."""
    drawn = np.random.default_rng(seed)
    kinds = np.array([trial.kind for trial in trials])
    orders = np.tile(np.arange(len(trials)), (times, 1))
    for kind in sorted(set(kinds.tolist())):
        place = drawn.permutation(np.flatnonzero(kinds == kind))
        for at in range(times):
            orders[at, place] = np.roll(place, 1 + at % max(1, len(place) - 1))
    exchanged: list[list[int]] = orders.tolist()
    return exchanged


def _rows(
    trials: Sequence[LabelTrial],
    found: Fidelity,
    items: pa.Table,
    method: str,
    config: FidelityConfig,
    *,
    at_chance: Any = None,  # noqa: ANN401
    **asked: str,
) -> list[dict[str, Any]]:
    shown = np.zeros(len(trials), bool)
    shown[items["trial"].to_numpy()[items["is_shown"].to_numpy().astype(bool)]] = True
    return [
        {
            "cluster_id": trial.cluster_id,
            "kind": trial.kind,
            "method": method,
            "n_members": int(found.n_members[at]),
            "n_others": int(found.n_others[at]),
            "basis": "shown to the namer" if shown[at] else "held out from the namer",
            "auc": _value(found.auc[at]),
            "auc_low": _value(found.low[at]),
            "auc_high": _value(found.high[at]),
            "auc_exchanged": None if at_chance is None else _value(at_chance[at]),
            "is_poor": None if np.isnan(found.auc[at]) else bool(found.auc[at] < config.min_fidelity),
            "model": None,
            "prompt_version": None,
            "status": "ok",
            **asked,
        }
        for at, trial in enumerate(trials)
    ]


def _value(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _ask_judge(
    context: dg.AssetExecutionContext,
    db: Warehouse,
    home: HomeResource,
    config: FidelityConfig,
    trials: Sequence[LabelTrial],
    items: pa.Table,
) -> list[dict[str, Any]]:
    """Rows of a sample of clusters whose labels a model judges, one request each."""
    texts = _phrases(db, items, config)
    able = [at for at in range(len(trials)) if len({mine for mine, _ in texts.get(at, [])}) == 2]
    chosen = sorted(random.Random(config.seed).sample(able, min(config.judge_clusters, len(able))))
    if not chosen:
        return []
    choice = choose_model(read_plans(db)[0], config, "label_fidelity")
    prompt, salt = prompts.load("judge", "phrases", choice.folder), home.home.salt()
    shuffled = {
        at: random.Random(f"{config.seed} {trials[at].cluster_id}").sample(texts[at], len(texts[at])) for at in chosen
    }

    def requests() -> Iterator[Request]:
        for at in chosen:
            numbered = "\n".join(f"[{number}] {text}" for number, (_, text) in enumerate(shuffled[at], 1))
            name = f"{trials[at].label}: {trials[at].description}"
            values = {"name": prompts.fence("name", name, salt), "phrases": prompts.fence("phrases", numbered, salt)}
            yield choice.request("judge", trials[at].cluster_id, prompt, PhraseFits, values, at_least=len(shuffled[at]))

    rows = []
    asked = (context, home.home, db, requests(), config, choice)
    with ask_chosen_model(*asked, asset="label_fidelity", what="labels", total=len(chosen)) as outcomes:
        for at, outcome in zip(chosen, outcomes, strict=True):
            fits = outcome.value.of(len(shuffled[at])) if outcome.answered else [None] * len(shuffled[at])
            pairs = [(mine, fit) for (mine, _), fit in zip(shuffled[at], fits, strict=True) if fit is not None]
            mine, fit = np.array(pairs, float).reshape(-1, 2).T
            found = fidelity(np.zeros(len(fit), np.int64), mine > 0, fit, n_groups=1)
            own = items.filter(pc.equal(items["trial"], at))
            of_one = own.set_column(own.num_columns - 1, "trial", pa.array([0] * own.num_rows, pa.int64()))
            by = {"model": choice.model, "prompt_version": prompt.version, "status": outcome.status}
            rows += _rows([trials[at]], found, of_one, JUDGE, config, **by)
    return rows


def _phrases(db: Warehouse, items: pa.Table, config: FidelityConfig) -> dict[int, list[tuple[bool, str]]]:
    """By trial, features with whether they are members."""
    if not config.judge_clusters:
        return {}
    found = db.join(
        """
        select items.trial, items.is_member, vocabulary.text
        from items inner join vocabulary on items.feature_id = vocabulary.feature_id
        qualify row_number() over (
            partition by items.trial, items.is_member order by md5(items.cluster_id || items.feature_id)
        ) <= getvariable('phrases')
        order by items.trial, items.is_member, items.feature_id""",
        {"items": items},
        {"phrases": config.judge_phrases},
    )
    texts: dict[int, list[tuple[bool, str]]] = {}
    for row in found.to_pylist():
        texts.setdefault(row["trial"], []).append((row["is_member"], row["text"]))
    return texts
