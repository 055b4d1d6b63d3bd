"""The two sorts of subjects that a model names: clusters, and their parents (themes and areas)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamingTask:
    """How one sort of subject is named.

    Attributes:
        table: Where names are stored.
        columns: The table's names of `Name`'s and `Subject`'s fields, where they differ.
        purpose: The purpose of its requests in the ledger.
        first: The prompt of the first round: task and name.
        retry: The prompt of retries.
        block: The prompts' placeholder for the subject's lines.
        is_numbered: Whether lines are numbered.
        lines_in_retry: Lines that a retry shows of its subject, at most; None for all.
    """

    table: str
    columns: Mapping[str, str]
    purpose: str
    first: tuple[str, str]
    retry: tuple[str, str]
    block: str
    is_numbered: bool
    lines_in_retry: int | None


CLUSTERS = NamingTask(
    table="cluster_names",
    columns={"id": "cluster_id", "shown_ids": "sampled_feature_ids", "contrast_ids": "contrast_feature_ids"},
    purpose="name",
    first=("name", "cluster"),
    retry=("rename", "cluster"),
    block="features",
    is_numbered=False,
    lines_in_retry=40,
)
PARENTS = NamingTask(
    table="parent_names",
    columns={
        "id": "parent_id",
        "shown_ids": "child_ids",
        "neighbour_ids": "sibling_ids",
        "members_hash": "children_hash",
    },
    purpose="parent",
    first=("parent", "name"),
    retry=("parent", "rename"),
    block="clusters",
    is_numbered=True,
    lines_in_retry=None,
)
