"""The looks that a namer takes at clusters, and what becomes of each cluster's name from look to look."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, ClassVar

import dagster as dg

from featdisc_assets.asking.budget import open_budget
from featdisc_assets.asking.label_trials import Trial
from featdisc_assets.asking.model_calls import AskingConfig, answers
from featdisc_assets.asking.model_choice import Whom
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import ClusterName
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.stages import labels, personal
from featdisc_assets.warehouse import Warehouse

FEATURES_OF_A_NEIGHBOUR = 5
# What a second look at many phrases is shown of them.
PHRASES_AGAIN = 40
# Why a name cannot stand, as the namer is told and as `cluster_names.reasons` has it.
EQUAL = "another group has the same"
UNFAITHFUL = "it does not tell the group's phrases from its neighbours'"
PERSONAL = "it holds what looks like a private person's data"

Ask = Callable[[Iterable[Request], int], Iterator[Outcome]]


@dataclass(slots=True)
class Named:
    """One cluster and the name it has so far.

    `sample` is its row of `name_samples`; `seen` are ids of all features that a namer was shown for it, its own and
    others'; a name that is `kept` is an earlier run's.
    """

    sample: dict[str, Any]
    neighbour_ids: list[str]
    label: str | None = None
    description: str | None = None
    status: str = "not_asked"
    error: str | None = None
    request_key: str = ""
    prompt_version: str = ""
    model: str = ""
    sampled_feature_ids: list[str] = field(default_factory=list)
    contrast_feature_ids: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    kept: bool = False

    @property
    def cluster_id(self) -> str:
        """The cluster."""
        return str(self.sample["cluster_id"])

    def trial(self) -> Trial:
        """The name, to be tried on what its namer did not see."""
        seen = [*self.sampled_feature_ids, *self.contrast_feature_ids]
        return Trial(
            self.cluster_id, self.sample["kind"], self.label or "", self.description or "", self.neighbour_ids, seen
        )

    def row(self) -> dict[str, object]:
        """The row of `cluster_names`."""
        return {
            "cluster_id": self.cluster_id,
            "label": self.label,
            "description": self.description,
            "sampled_feature_ids": self.sampled_feature_ids,
            "contrast_feature_ids": self.contrast_feature_ids,
            "neighbour_ids": self.neighbour_ids,
            "members_hash": self.sample["members_hash"],
            "reasons": self.reasons,
            "status": self.status,
            "error": self.error,
            "model": self.model,
            "prompt_version": self.prompt_version,
            "request_key": self.request_key,
        }


class Looks:
    """Asks a namer about clusters: once of each, and again where a name cannot stand.

    Attributes:
        purpose: What the answers are for, as the ledger has it.
        files: The prompt files of a first look and of another, by task and name.

    Args:
        whom: Who is asked.
        salt: Of the fences.
        texts_of: The texts that a namer may see of every cluster, the most common first.
    """

    purpose: ClassVar[str] = "name"
    files: ClassVar[tuple[tuple[str, str], tuple[str, str]]] = (("name", "cluster"), ("rename", "cluster"))

    def __init__(self, whom: Whom, salt: str, texts_of: dict[str, list[str]]) -> None:
        self._whom, self._salt, self._texts_of = whom, salt, texts_of
        self._first, self._again = (prompts.load(task, name, whom.folder) for task, name in self.files)

    @property
    def version(self) -> str:
        """Of the prompts: what a kept name must have been asked with."""
        return f"{self._first.version}-{self._again.version}"

    def first(self, ask: Ask, clusters: Sequence[Named]) -> None:
        """Name clusters that have no name yet."""
        for named, outcome in zip(clusters, ask(map(self._first_request, clusters), len(clusters)), strict=True):
            named.sampled_feature_ids = named.sample["feature_ids"]
            self._take(named, outcome)

    def again(self, ask: Ask, clusters: Sequence[Named], reason: str, contrast: dict[str, dict[str, str]]) -> None:
        """Name clusters anew whose name cannot stand; one whose second naming fails keeps the name it has.

        Args:
            ask: Asks.
            clusters: Whose names.
            reason: Why they cannot stand.
            contrast: By cluster, ids and texts of the phrases that its name must tell it from.
        """
        for named in clusters:
            named.reasons = [*named.reasons, reason]
            if named.label is not None:
                named.rejected = [*named.rejected, named.label]
        requests = (self._again_request(named, reason, contrast[named.cluster_id]) for named in clusters)
        for named, outcome in zip(clusters, ask(requests, len(clusters)), strict=True):
            named.contrast_feature_ids = list(contrast[named.cluster_id])
            if outcome.answered:
                self._take(named, outcome)

    def _first_request(self, named: Named) -> Request:
        others = [text for other in named.neighbour_ids for text in self._texts_of[other][:FEATURES_OF_A_NEIGHBOUR]]
        return self._request(
            named,
            self._first,
            features=prompts.fence("features", "\n".join(named.sample["texts"]), self._salt),
            neighbours=prompts.fence("neighbours", "\n".join(others), self._salt),
        )

    def _again_request(self, named: Named, reason: str, contrast: dict[str, str]) -> Request:
        return self._request(
            named,
            self._again,
            features=prompts.fence("features", "\n".join(named.sample["texts"][:PHRASES_AGAIN]), self._salt),
            neighbours=prompts.fence("neighbours", "\n".join(contrast.values()), self._salt),
            rejected=prompts.fence("rejected", "\n".join(named.rejected), self._salt),
            reason=reason,
        )

    def _request(self, named: Named, prompt: prompts.Prompt, **values: str) -> Request:
        return Request(
            purpose=self.purpose,
            subject_id=named.cluster_id,
            model=self._whom.model,
            prompt_version=prompt.version,
            prompt=prompt.render(**values),
            answer=ClusterName,
            params=self._whom.params,
        )

    def _take(self, named: Named, outcome: Outcome) -> None:
        named.status, named.error, named.model = outcome.status, outcome.error, outcome.request.model
        named.request_key, named.prompt_version = outcome.request.key, self.version
        if outcome.answered:
            named.label = labels.tidy_label(outcome.value.label) or None
            named.description = labels.tidy_description(outcome.value.description)
            if named.label is None:
                named.status, named.error = "invalid", "the label holds no letter"


def asker(
    context: dg.AssetExecutionContext,
    db: Warehouse,
    store: AnswerStore,
    whom: Whom,
    config: AskingConfig,
    *,
    asset: str,
    what: str,
) -> Ask:
    """How an asset that names asks: each look goes through the answer store, within the home's budget.

    Args:
        context: Of the asset.
        db: Where the ledger is.
        store: Where answers are.
        whom: Who is asked, and what may be spent.
        config: How hard to press.
        asset: On whose page progress shows.
        what: Is asked for, in the plural.
    """

    def ask(requests: Iterable[Request], total: int) -> Iterator[Outcome]:
        if not total:
            return
        budget = open_budget(whom.budget_usd, db, store, whom.prices)
        given: dict[str, Any] = {"asset": asset, "what": what, "total": total, "budget": budget}
        with closing(answers(context, db, store, requests, config, **given)) as outcomes:
            yield from outcomes

    return ask


def equal_ones(clusters: Sequence[Named]) -> dict[int, int]:
    """Positions whose label another cluster of the kind has, each with the position of the one that keeps it."""
    # A name that people have read already goes before a larger cluster's new one.
    sizes = [named.sample["n_transcripts"] + (1 << 60) * named.kept for named in clusters]
    return labels.equal_labels([named.label for named in clusters], [named.sample["kind"] for named in clusters], sizes)


def tell_apart(clusters: Sequence[Named]) -> int:
    """Tell labels that are still equal apart by a common member; returns how many were."""
    equal = equal_ones(clusters)
    taken = {(named.sample["kind"], labels.same(named.label)) for named in clusters if named.label}
    for at in equal:
        named = clusters[at]
        had = {label for kind, label in taken if kind == named.sample["kind"]}
        named.label = labels.told_apart(named.label or "", named.sample["texts"], had)
        taken.add((named.sample["kind"], labels.same(named.label)))
    return len(equal)


def hold_personal(named: Named, public: set[str]) -> bool:
    """Whether a name holds what looks like a private person's data."""
    return any(personal.personal(text, public) for text in (named.label, named.description) if text)


def mask_personal(clusters: Iterable[Named], public: set[str]) -> int:
    """Take what looks personal out of names that hold it still; returns of how many."""
    count = 0
    for named in clusters:
        if hold_personal(named, public):
            count += 1
            named.label = labels.tidy_label(personal.without_personal(named.label or "", public)) or None
            named.description = personal.without_personal(named.description or "", public)
    return count
