"""A piece too long for its model: shorter forms are asked until one fits, and that one is found later."""

from dataclasses import replace
from functools import partial

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.lookup import resolve
from featdisc_assets.llm.prompts import fence
from featdisc_assets.llm.request import Request
from featdisc_assets.llm.shorten import head_and_tail
from tests.llm.asking import ask, rating, statuses, two_features
from tests.loopback.server import Loopback

TEXT = "long " * 2_000


def long_rating(server: Loopback, limit: int) -> Request:
    """A request that can be shortened to 500 tokens."""
    piece, left_out = head_and_tail(TEXT, limit)
    shorter = partial(long_rating, server, limit // 2) if limit >= 1_000 else None
    request = rating("a", server)
    prompt = request.prompt + fence("user", piece, "salt")
    return replace(request, prompt=prompt, chars_left_out=left_out, shorter=shorter)


def fits(limit: int) -> Loopback:
    def plan(number: int, prompt: str) -> str | None:
        return "context_length" if len(prompt) > limit else None

    return Loopback(plan=plan, answer=two_features)


def test_it_is_shortened_until_it_fits_and_found_later(store: AnswerStore) -> None:
    with fits(8_000) as server:
        request = long_rating(server, 4_000)
        outcomes = ask([request, rating("b", server)], store)
        assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
        short = outcomes[0].request
        assert short.subject_id == "a"
        assert short.key != request.key
        assert 0 < short.chars_left_out < len(TEXT)
        assert f"[… {short.chars_left_out:,} characters left out …]" in short.prompt
        assert statuses(store, request) == ["context_length"]
        assert statuses(store, short) == ["ok"]
        asked = server.total

        [again] = ask([long_rating(server, 4_000)], store)
        assert (again.status, again.from_store, again.request.key) == ("ok", True, short.key)
        assert server.total == asked


def test_what_cannot_be_shortened_enough_fails_for_good(store: AnswerStore) -> None:
    with fits(100) as server:
        for from_store in (False, True):
            [outcome] = ask([long_rating(server, 4_000)], store)
            assert (outcome.status, outcome.from_store) == ("context_length", from_store)
        assert server.total == 4


def test_a_later_run_resumes_with_the_last_form_after_a_kill(store: AnswerStore) -> None:
    with fits(100) as server:
        ask([replace(long_rating(server, 4_000), shorter=None)], store)
        server.plan = lambda number, prompt: None
        request = long_rating(server, 4_000)
        outcome, form, attempts = resolve(store, request, store.lookup([request.key])[request.key])
        assert (outcome, list(attempts), form.chars_left_out > 0) == (None, [], True)
        [outcome] = ask([request], store)
        assert (outcome.status, server.total) == ("ok", 2)


def test_retry_failed_tries_the_whole_text_again(store: AnswerStore) -> None:
    with fits(100) as server:
        ask([long_rating(server, 4_000)], store)
        server.plan = lambda number, prompt: None
        [outcome] = ask([long_rating(server, 4_000)], store, retry_failed=True)
        assert (outcome.status, outcome.request.chars_left_out) == ("ok", long_rating(server, 4_000).chars_left_out)
