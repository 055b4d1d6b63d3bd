"""What is to be named (a cluster, a theme, an area), and the name it has so far: values that each round replaces."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from featdisc_assets.llm.request import Outcome
from featdisc_assets.stages import labels, personal

# Fields of a name that its row keeps.
_STORED = (
    "label", "description", "status", "error", "model", "prompt_version", "request_key", "shown_ids", "contrast_ids",
    "reasons",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """A cluster, theme or area to name.

    Attributes:
        members_hash: Changes whenever a new name is due: with the features of a cluster, or the names in a parent.
        member_ids: Features, or child clusters, that the model may see; the most common first.
        texts: Their texts, or labels.
        lines: What a prompt shows of each.
        neighbour_ids: The nearest others of its kind, nearest first.
        is_wanted: Whether the model is asked for a name.
    """

    id: str
    kind: str
    n_transcripts: int
    members_hash: str
    member_ids: Sequence[str]
    texts: Sequence[str]
    lines: Sequence[str]
    neighbour_ids: Sequence[str]
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a subject.

    Attributes:
        label: None without a usable answer.
        status: Of the last request, `not_asked` before the first; with its error, model, prompt version and key.
        shown_ids: Members that the model saw.
        contrast_ids: Members of other subjects that a retry showed.
        reasons: Why its earlier labels, `rejected`, were rejected.
        is_kept: Whether it is from an earlier run.
    """

    subject: Subject
    label: str | None = None
    description: str | None = None
    status: str = "not_asked"
    error: str | None = None
    model: str = ""
    prompt_version: str = ""
    request_key: str = ""
    shown_ids: Sequence[str] = ()
    contrast_ids: Sequence[str] = ()
    reasons: Sequence[str] = ()
    rejected: Sequence[str] = ()
    is_kept: bool = False

    @classmethod
    def from_row(cls, subject: Subject, row: Mapping[str, Any], columns: Mapping[str, str]) -> Self:
        """The name that an earlier run stored; `columns` are the row's names of fields where they differ."""
        return cls(subject, **{name: row[columns.get(name, name)] for name in _STORED}, is_kept=True)

    def to_row(self, columns: Mapping[str, str]) -> dict[str, object]:
        """The row to store; the inverse of `from_row`."""
        row = {name: getattr(self.subject, name) for name in ("id", "members_hash", "neighbour_ids")}
        row |= {name: getattr(self, name) for name in _STORED}
        return {columns.get(name, name): value for name, value in row.items()}

    @property
    def needs_request(self) -> bool:
        """Whether the first round asks for it."""
        return self.subject.is_wanted and not self.is_kept

    def answered(self, outcome: Outcome, prompt_version: str) -> Self:
        """The name after a request: with the answer's label and sentence, or with the failure."""
        model, key = outcome.request.model, outcome.request.key
        asked = replace(
            self,
            status=outcome.status,
            error=outcome.error,
            model=model,
            prompt_version=prompt_version,
            request_key=key,
        )
        if not outcome.answered:
            return asked
        label, description = labels.tidy_label(outcome.value.label), labels.tidy_description(outcome.value.description)
        if label:
            return replace(asked, label=label, description=description)
        return replace(asked, label=None, description=description, status="invalid", error="the label holds no letter")

    def rejected_for(self, reason: str, contrast_ids: Sequence[str]) -> Self:
        """The name with its label rejected, about to be asked for again."""
        rejected = self.rejected if self.label is None else [*self.rejected, self.label]
        return replace(self, reasons=[*self.reasons, reason], rejected=rejected, contrast_ids=contrast_ids)

    def has_personal_data(self, public: Collection[str]) -> bool:
        """Whether it holds what looks like a private person's data; `public` are words that anybody may use."""
        return any(personal.personal(text, public) for text in (self.label, self.description) if text)

    def masked(self, public: Collection[str]) -> Self:
        """The name without what looks like personal data."""
        label = labels.tidy_label(personal.without_personal(self.label or "", public)) or None
        return replace(self, label=label, description=personal.without_personal(self.description or "", public))


def proper_words(names: Sequence[Name]) -> set[str]:
    """Folded words of labels and descriptions that might be names of persons."""
    texts = [text for name in names for text in (name.label, name.description) if text]
    return set[str]().union(*map(personal.proper_words, texts))


def duplicates(names: Sequence[Name]) -> dict[int, int]:
    """Positions whose label another subject of the kind has, each with the position of the one that keeps it."""
    # A label that people have read already goes before a larger subject's new one.
    sizes = [name.subject.n_transcripts + (1 << 60) * name.is_kept for name in names]
    return labels.equal_labels([name.label for name in names], [name.subject.kind for name in names], sizes)


def without_duplicates(names: Sequence[Name]) -> list[Name]:
    """The names, with a common member, or a number, added to labels that are not unique in their kind."""
    unique, taken = list(names), defaultdict[str, set[str]](set)
    for name in names:
        if name.label:
            taken[name.subject.kind].add(labels.normalise_label(name.label))
    for at in duplicates(names):
        name, others = names[at], taken[names[at].subject.kind]
        label = labels.disambiguate(name.label or "", name.subject.texts, others)
        others.add(labels.normalise_label(label))
        unique[at] = replace(name, label=label)
    return unique
