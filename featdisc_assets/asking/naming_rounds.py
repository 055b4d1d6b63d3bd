"""Rounds of naming: a first request for each subject, and a retry where a name has to be rejected."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

import pyarrow as pa

from featdisc_assets.asking.model_choice import ModelChoice
from featdisc_assets.asking.names import Name, Subject, duplicates, without_duplicates
from featdisc_assets.asking.naming_tasks import NamingTask
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answers import ClusterName
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.warehouse import Warehouse

LINES_OF_A_NEIGHBOUR = 5
# Members of other subjects that a retry shows.
CONTRAST = 15
# Reasons for a rejection: they stand in the retry's prompt, and in `cluster_names.reasons`.
EQUAL = "another group has the same"
UNFAITHFUL = "it does not tell the group's phrases from its neighbours'"
PERSONAL = "it holds what looks like a private person's data"


class Ask(Protocol):
    """Sends requests to a model; `total` is their number."""

    def __call__(self, requests: Iterable[Request], *, total: int) -> AbstractContextManager[Iterator[Outcome]]:
        """A context with the outcomes, in the order of the requests."""


class NamingRounds:
    """Asks a model for the names of one sort of subject; each round takes all names and returns all names.

    Args:
        task: The sort of subject.
        choice: Which model to ask.
        salt: The home's, for fences in prompts.
        ask: Sends the requests of a round.
    """

    def __init__(self, task: NamingTask, choice: ModelChoice, salt: str, ask: Ask) -> None:
        self._task, self._choice, self._salt, self._ask = task, choice, salt, ask
        self._first = prompts.load(*task.first, choice.folder)
        self._retry = prompts.load(*task.retry, choice.folder)

    @property
    def version(self) -> str:
        """The version of both prompts."""
        return f"{self._first.version}-{self._retry.version}"

    def keep_names(self, db: Warehouse, subjects: Sequence[Subject]) -> list[Name]:
        """The stored names of subjects whose members did not change since, by this model and these prompts."""
        rows = db.rows(
            f"from {self._task.table} where label is not null and model = $1 and prompt_version = $2",
            [self._choice.model, self.version],
        )
        columns = self._task.columns
        stored = {row[columns["id"]]: row for row in rows}
        names = []
        for subject in subjects:
            row = stored.get(subject.id, {})
            is_same = row.get(columns.get("members_hash", "members_hash")) == subject.members_hash
            names.append(
                Name.from_row(subject, row, columns) if row and is_same and subject.is_wanted else Name(subject)
            )
        return names

    def first_round(self, names: Sequence[Name]) -> list[Name]:
        """Ask for every name that needs a request."""
        lines_of = {name.subject.id: name.subject.lines for name in names}
        asked = [replace(name, shown_ids=name.subject.member_ids) for name in names if name.needs_request]
        requests = (
            self._request(
                name,
                self._first,
                name.subject.lines,
                [line for other in name.subject.neighbour_ids for line in lines_of[other][:LINES_OF_A_NEIGHBOUR]],
            )
            for name in asked
        )
        return self._replaced(names, asked, requests, is_retry=False)

    def retry_round(self, names: Sequence[Name], reason: str, contrast: Mapping[str, Mapping[str, str]]) -> list[Name]:
        """Reject some labels and ask for others; a name whose retry fails keeps its label.

        Args:
            names: All names.
            reason: Why labels are rejected.
            contrast: For each subject to retry, ids and lines of the members of others that its label must not fit.
        """
        asked = [
            name.rejected_for(reason, list(contrast[name.subject.id])) for name in names if name.subject.id in contrast
        ]
        requests = (
            self._request(
                name,
                self._retry,
                name.subject.lines[: self._task.lines_in_retry],
                list(contrast[name.subject.id].values()),
                reason,
            )
            for name in asked
        )
        return self._replaced(names, asked, requests, is_retry=True)

    def fix_names(
        self, names: Sequence[Name], public_words: Callable[[Sequence[Name]], set[str]]
    ) -> tuple[list[Name], str]:
        """Retry duplicates and names with personal data; then disambiguate and mask what the retries did not solve.

        Args:
            names: All names.
            public_words: Which words of the names are no private person's.

        Returns:
            The names, and a clause for the log.
        """
        equal = {names[at].subject.id: names[kept].subject for at, kept in duplicates(names).items()}
        contrast = {
            name: dict(zip(kept.member_ids[:CONTRAST], kept.lines[:CONTRAST], strict=True))
            for name, kept in equal.items()
        }
        names = self.retry_round(names, EQUAL, contrast)
        public = public_words(names)
        private = [name.subject.id for name in names if not name.is_kept and name.has_personal_data(public)]
        names = self.retry_round(names, PERSONAL, {name: {} for name in private})
        public = public_words(names)
        to_mask = [name.has_personal_data(public) for name in names]
        names = [name.masked(public) if is_personal else name for name, is_personal in zip(names, to_mask, strict=True)]
        return without_duplicates(names), (
            f"renamed {len(equal):,} duplicates ({len(duplicates(names)):,} then disambiguated by a member) and"
            f" {len(private):,} with personal data ({sum(to_mask):,} then masked)"
        )

    def store(self, db: Warehouse, names: Sequence[Name]) -> None:
        """Replace the stored names."""
        rows = [name.to_row(self._task.columns) for name in names]
        db.replace({self._task.table: pa.Table.from_pylist(rows, schema=db.schema(self._task.table))})

    def _replaced(
        self, names: Sequence[Name], asked: Sequence[Name], requests: Iterable[Request], *, is_retry: bool
    ) -> list[Name]:
        """The names in their order, with the results of those that are asked for."""
        new: dict[str, Name] = {}
        if asked:
            with self._ask(requests, total=len(asked)) as outcomes:
                for name, outcome in zip(asked, outcomes, strict=True):
                    keeps = is_retry and not outcome.answered
                    new[name.subject.id] = name if keeps else name.answered(outcome, self.version)
        return [new.get(name.subject.id, name) for name in names]

    def _request(
        self, name: Name, prompt: prompts.Prompt, lines: Sequence[str], others: Sequence[str], reason: str = ""
    ) -> Request:
        values = {
            self._task.block: self._fence(self._task.block, lines),
            "neighbours": self._fence("neighbours", others),
            "rejected": prompts.fence("rejected", "\n".join(name.rejected), self._salt),
            "reason": reason,
        }
        used = {place: values[place] for place in prompt.placeholders}
        return self._choice.request(self._task.purpose, name.subject.id, prompt, ClusterName, used)

    def _fence(self, block: str, lines: Sequence[str]) -> str:
        shown = [f"[{number}] {line}" for number, line in enumerate(lines, 1)] if self._task.is_numbered else lines
        return prompts.fence(block, "\n".join(shown), self._salt)
