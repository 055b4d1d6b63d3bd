"""Our encoded requests against those of instructor."""

from typing import Any

import instructor
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from featdisc_assets.llm import codec
from featdisc_assets.llm.answers import Answer, ClusterName, FeatureList, InterestScores
from featdisc_assets.llm.providers import Route, SchemaDialect
from featdisc_assets.llm.request import Params, Request

BOUNDED = frozenset({"maxLength", "maxItems"})


def _request(prompt: str, answer: type[Answer], **params: Any) -> Request:  # noqa: ANN401
    return Request("rate", "a", "openai/some-model", "v", prompt, answer, Params(**params))


async def _as_instructor_sends_it(request: Request, mode: str) -> dict[str, Any]:
    sent: dict[str, Any] = {}

    async def completion(**given: object) -> None:
        sent.update(given)
        raise InterruptedError

    client = instructor.from_litellm(completion, mode=instructor.Mode[mode], async_client=True)
    params = request.params
    how = dict(params.extra) | ({} if params.temperature is None else {"temperature": params.temperature})
    with pytest.raises(Exception, match=r".*"):
        await client.create(
            response_model=request.answer,
            messages=[{"role": "user", "content": request.prompt}],
            model=request.model,
            max_tokens=params.max_tokens,
            max_retries=1,
            strict=False,
            **how,
        )
    return sent


@pytest.mark.parametrize("mode", ["JSON_SCHEMA", "JSON", "MD_JSON"])
@pytest.mark.parametrize("answer", [FeatureList, ClusterName, InterestScores])
@settings(deadline=None, max_examples=50)  # instructor is loaded in the first example, and slow in all
@given(prompt=st.text(min_size=1, max_size=200))
@example(prompt="{{ 7 * 7 }} {% raw %} {0} {prompt} %s $piece ${piece}\r\n")
@example(prompt=f"{codec._PROMPT} and once more {codec._PROMPT}")
@example(prompt="  \n  indented\n    more\n")
@example(prompt="https://example.com/picture.png")
async def test_encoded_requests_are_what_instructor_sends(mode: str, answer: type[Answer], prompt: str) -> None:
    route = Route("openai", SchemaDialect(mode=mode, unsupported=BOUNDED))
    request = _request(prompt, answer, temperature=0.3, max_tokens=77, extra=(("reasoning_effort", "low"),))
    plain = await _as_instructor_sends_it(request, mode)
    assert codec.encode(request, route) == codec.apply_dialect(plain, route.dialect)
