"""Labels and names as values: their form, duplicates, personal data, and what each round of naming does to them."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from featdisc_assets.asking.model_choice import ModelChoice
from featdisc_assets.asking.names import Name, Subject, duplicates, without_duplicates
from featdisc_assets.asking.naming_rounds import EQUAL, PERSONAL, UNFAITHFUL, NamingRounds
from featdisc_assets.asking.naming_tasks import CLUSTERS, PARENTS, NamingTask
from featdisc_assets.llm.prompts import open_fence
from featdisc_assets.llm.request import Outcome, Params, Request
from featdisc_assets.stages.labels import disambiguate, equal_labels, normalise_label, tidy_description, tidy_label
from tests.assets.namers import PERSONAL_NAMES, PERSONAL_WORDS


def name(
    at: int, label: str | None = None, kind: str = "user", n_transcripts: int = 10, *, is_kept: bool = False
) -> Name:
    """The name of the cluster of a number, which has two features."""
    ids, texts = [f"f{at}a", f"f{at}b"], [f"Asks about topic {at}", f"Thanks for topic {at}"]
    others = [f"c{other}" for other in range(3) if other != at]
    subject = Subject(f"c{at}", kind, n_transcripts, f"hash{at}", ids, texts, texts, others, is_wanted=True)
    return Name(subject, label=label, description=None if label is None else f"{label}.", is_kept=is_kept)


class Namer:
    """Answers requests by a function, and keeps them."""

    def __init__(self, answer: Callable[[str], tuple[str, str] | None]) -> None:
        self.answer, self.requests = answer, list[Request]()

    @contextmanager
    def __call__(self, requests: Iterable[Request], *, total: int) -> Iterator[Iterator[Outcome]]:
        yield self._outcomes(requests)

    def _outcomes(self, requests: Iterable[Request]) -> Iterator[Outcome]:
        for request in requests:
            self.requests.append(request)
            found = self.answer(request.prompt)
            value = None if found is None else SimpleNamespace(label=found[0], description=found[1])
            yield Outcome(request, "invalid" if found is None else "ok", value, None if found else "unreadable")

    @property
    def fences(self) -> list[dict[str, str]]:
        """The contents of each request's fences."""
        return [open_fence(request.prompt) for request in self.requests]


def rounds(namer: Namer, task: NamingTask = CLUSTERS) -> NamingRounds:
    return NamingRounds(task, ModelChoice("m", None, Params(), None, {}), "salt", namer)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("asks for help", "Asks for help"),
        ("  Asks\nfor   help. ", "Asks for help"),
        ("**Asks** <b>for</b> help!", "Asks b for /b help"),
        ("One two three four five six seven eight nine ten eleven", "One two three four five six seven eight nine ten"),
        ("Users' self-help, and/or doubts", "Users' self-help, and/or doubts"),
        ("Ask , please", "Ask, please"),
        ("Fragt nach Äpfeln", "Fragt nach Äpfeln"),
        ("हिन्दी में पूछता है", "हिन्दी में पूछता है"),
        ("!?", ""),
    ],
)
def test_labels_have_one_form(text: str, label: str) -> None:
    assert tidy_label(text) == label


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("The user asks", "The user asks."),
        ("The user asks. It answers.", "The user asks."),
        ("Is it so?\nNo", "Is it so?"),
        ("Uses e.g. lists", "Uses e.g. lists."),
        ("", ""),
    ],
)
def test_descriptions_are_one_sentence(text: str, sentence: str) -> None:
    assert tidy_description(text) == sentence


@pytest.mark.parametrize(
    ("labels", "kinds", "sizes", "found"),
    [
        (["A b", "a  B!", "C"], ["user"] * 3, [1, 2, 3], {0: 1}),
        (["A", "A", "A"], ["user"] * 3, [5, 5, 5], {1: 0, 2: 0}),
        (["A", "A"], ["user", "thought"], [1, 2], {}),
        ([None, None, "A"], ["user"] * 3, [1, 2, 3], {}),
    ],
)
def test_the_largest_cluster_keeps_a_label(
    labels: list[str | None], kinds: list[str], sizes: list[int], found: dict[int, int]
) -> None:
    assert equal_labels(labels, kinds, sizes) == found


@pytest.mark.parametrize(
    ("members", "taken", "label"),
    [
        (["Cites sources"], [], "Asks, cites sources"),
        (["Asks"], [], "Asks 2"),
        (["Cites sources", "Makes jokes"], ["asks cites sources"], "Asks, makes jokes"),
        ([], ["asks 2", "asks 3"], "Asks 4"),
    ],
)
def test_duplicates_get_a_member_or_a_number(members: list[str], taken: list[str], label: str) -> None:
    assert disambiguate("Asks", members, set(taken)) == label


def test_a_kept_label_goes_before_a_larger_clusters_new_one() -> None:
    names = [name(0, "Same", n_transcripts=99), name(1, "Same", is_kept=True), name(2, "Same", kind="thought")]
    assert duplicates(names) == {0: 1}
    unique = without_duplicates(names)
    assert [one.label for one in unique] == ["Same, asks about topic 0", "Same", "Same"]
    assert names[0].label == "Same"


@pytest.mark.parametrize("task", [CLUSTERS, PARENTS], ids=["clusters", "parents"])
def test_the_first_round_asks_for_new_names_alone(task: NamingTask) -> None:
    namer = Namer(lambda prompt: ("about *topics*", "They ask. They thank."))
    left_out = replace(name(2), subject=replace(name(2).subject, is_wanted=False))
    names = [name(0), name(1, "Earlier", is_kept=True), left_out]
    found = rounds(namer, task).first_round(names)
    assert [request.subject_id for request in namer.requests] == ["c0"]
    assert [one.label for one in found] == ["About topics", "Earlier", None]
    assert (found[0].description, found[0].status, found[0].shown_ids) == ("They ask.", "ok", ["f0a", "f0b"])
    assert found[0].request_key == namer.requests[0].key
    assert found[1:] == names[1:]
    [fences] = namer.fences
    assert [line.split("] ")[-1] for line in fences["neighbours"].splitlines()] == [
        *names[1].subject.lines, *names[2].subject.lines
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "label", "status"),
    [(("New", "D."), "New", "ok"), (None, "Old", "not_asked"), (("!", "D."), None, "invalid")],
)
def test_a_retry_that_fails_keeps_the_label(answer: tuple[str, str] | None, label: str | None, status: str) -> None:
    namer = Namer(lambda prompt: answer)
    names = [name(0, "Old"), name(1, "Other")]
    found = rounds(namer).retry_round(names, UNFAITHFUL, {"c0": {"f9": "Hums a tune"}})
    assert (found[0].label, found[0].status) == (label, status)
    assert (found[0].reasons, found[0].rejected, found[0].contrast_ids) == ([UNFAITHFUL], ["Old"], ["f9"])
    assert found[1] == names[1]
    [fences] = namer.fences
    assert (fences["rejected"], fences["neighbours"]) == ("Old", "Hums a tune")
    assert UNFAITHFUL in namer.requests[0].prompt


@pytest.mark.parametrize("task", [CLUSTERS, PARENTS], ids=["clusters", "parents"])
def test_equal_labels_are_retried_then_disambiguated(task: NamingTask) -> None:
    namer = Namer(lambda prompt: ("The same again", "One kind."))
    names = [name(at, "The same again", n_transcripts=9 - at) for at in range(3)]
    found, summary = rounds(namer, task).fix_names(names, lambda _: set())
    assert [one.label for one in found] == [
        "The same again", "The same again, asks about topic 1", "The same again, asks about topic 2"
    ]  # fmt: skip
    assert [one.reasons for one in found] == [(), [EQUAL], [EQUAL]]
    assert all(fences["rejected"] == "The same again" and fences["neighbours"] for fences in namer.fences)
    assert summary == (
        "renamed 2 duplicates (2 then disambiguated by a member) and 0 with personal data (0 then masked)"
    )


def test_a_retry_solves_a_duplicate() -> None:
    def answer(prompt: str) -> tuple[str, str]:
        fences = open_fence(prompt)
        label = f"About {fences['features'].split()[-1]}" if "rejected" in fences else "Talks about a matter"
        return label, "One kind."

    namer = Namer(answer)
    naming = rounds(namer)
    found, _ = naming.fix_names(naming.first_round([name(at) for at in range(3)]), lambda _: set())
    labels = [one.label for one in found]
    assert len(set(labels)) == 3
    assert labels.count("Talks about a matter") == 1
    retries = [fences for fences in namer.fences if "rejected" in fences]
    assert len(retries) == 2
    assert all(fences["rejected"] == "Talks about a matter" for fences in retries)


def test_planted_names_and_addresses_are_retried() -> None:
    def answer(prompt: str) -> tuple[str, str]:
        fences = open_fence(prompt)
        topic = int(fences["features"].split()[-1])
        return (f"About topic {topic}", "One kind.") if "rejected" in fences else PERSONAL_NAMES[topic]

    namer = Namer(answer)
    naming = rounds(namer)
    names = [
        replace(name(at), subject=replace(name(at).subject, neighbour_ids=[])) for at in range(len(PERSONAL_NAMES))
    ]
    found, _ = naming.fix_names(naming.first_round(names), lambda _: set())
    whole = " ".join(f"{one.label} {one.description}" for one in found)
    assert not [word for word in PERSONAL_WORDS if word.casefold() in whole.casefold()]
    assert all(one.label for one in found)
    assert any("private person" in request.prompt for request in namer.requests)
    assert all(one.reasons for one in found)


@pytest.mark.parametrize("stubborn", [False, True], ids=["retried", "masked"])
def test_personal_data_is_retried_then_masked(stubborn: bool) -> None:
    label = "Letters to John Smith" if stubborn else "Letters"
    namer = Namer(lambda prompt: (label, "Write to jane.doe@example.org."))
    public = {"new", "york"}
    names = [
        name(0, "Helps Maria Gonzalez plan"),
        name(1, "Trips to New York"),
        name(2, "Ahmed and his garden", is_kept=True),
    ]
    found, summary = rounds(namer).fix_names(names, lambda _: public)
    assert [request.subject_id for request in namer.requests] == ["c0"]
    assert [one.label for one in found] == [
        "Letters to a person" if stubborn else "Letters", "Trips to New York", "A person and his garden"
    ]  # fmt: skip
    assert "example.org" not in str(found[0].description)
    assert [one.reasons for one in found] == [[PERSONAL], (), ()]
    assert summary.endswith("and 1 with personal data (2 then masked)")


def test_names_survive_their_rows() -> None:
    stored = replace(name(0, "Asks", is_kept=True), reasons=[EQUAL], shown_ids=["f0a"], model="m", status="ok")
    for task in (CLUSTERS, PARENTS):
        row = stored.to_row(task.columns)
        assert Name.from_row(stored.subject, row, task.columns) == stored
        assert json.loads(json.dumps(row))[task.columns["id"]] == "c0"


def test_normalised_labels_ignore_case_and_punctuation() -> None:
    assert normalise_label("Asks, for Help") == normalise_label("asks for  HELP!") == "asks for help"
