"""Positive and negative examples of a rule: small texts, each written for its rule."""

from dataclasses import dataclass

from featdisc_assets.transcript import Kind


@dataclass(frozen=True)
class Case:
    """Texts of one kind in which a rule finds something (`yes`) and in which it finds nothing (`no`)."""

    kind: Kind
    yes: tuple[str, ...]
    no: tuple[str, ...]


def user(yes: list[str], no: list[str]) -> Case:
    return Case("user", tuple(yes), tuple(no))


def thought(yes: list[str], no: list[str]) -> Case:
    return Case("thought", tuple(yes), tuple(no))


def response(yes: list[str], no: list[str]) -> Case:
    return Case("response", tuple(yes), tuple(no))
