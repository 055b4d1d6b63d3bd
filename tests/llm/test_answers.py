"""Parsing and cleaning of answers, without a re-ask."""

from typing import Any

import pytest
from pydantic import ValidationError

from featdisc_assets.llm.answers import Answer, ClusterName, FeatureList, InterestScores, clean_features
from featdisc_assets.llm.parse import extract_json, parse_answer


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (["  Asks   for\na poem. "], ["Asks for a poem"]),
        (
            ["- Asks for a poem", "2. Wants rhyme", "c) Is brief", "• Swears"],
            ["Asks for a poem", "Wants rhyme", "Is brief", "Swears"],
        ),
        (["A polite request", "quotes JSON"], ["A polite request", "Quotes JSON"]),
        (["Self-corrects mid-sentence", "Either/or choice"], ["Self corrects mid sentence", "Either or choice"]),
        (["Uses 3 emojis 🎉!"], ["Uses emojis"]),
        (["Doesn't wait", "User’s plea"], ["Doesnt wait", "Users plea"]),
        (["Asks for a poem", "asks for a POEM", "Asks for a poem."], ["Asks for a poem"]),
        (["", " - ", "42", "…"], []),
        (
            ["Écrit en français", "написано по-русски", "हिन्दी में"],
            ["Écrit en français", "Написано по русски", "हिन्दी में"],
        ),
        (["Cafe\u0301 talk"], ["Café talk"]),
        (["word " * 40], [" ".join(["Word"] + ["word"] * 23)]),
        (["x" * 300], ["X" + "x" * 119]),
        (["One", "Two", "Three", "Four"], ["One", "Two", "Three"]),
    ],
)
def test_clean_features(raw: list[str], clean: list[str]) -> None:
    assert clean_features(raw, at_most=3 if len(raw) == 4 and raw[0] == "One" else 20) == clean


def _objects(schema: object) -> list[dict[str, Any]]:
    inner = [part for value in schema.values() for part in _objects(value)] if isinstance(schema, dict) else []
    return inner + ([schema] if isinstance(schema, dict) and schema.get("type") == "object" else [])


def _strings(schema: object) -> list[dict[str, Any]]:
    inner = [part for value in schema.values() for part in _strings(value)] if isinstance(schema, dict) else []
    return inner + ([schema] if isinstance(schema, dict) and schema.get("type") == "string" else [])


@pytest.mark.parametrize("answer", [FeatureList, ClusterName, InterestScores])
def test_schemas_are_strict(answer: type[Answer]) -> None:
    for schema in _objects(answer.SCHEMA):
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])
    assert all("maxLength" in schema for schema in _strings(answer.SCHEMA))
    assert answer.model_json_schema() is answer.SCHEMA


@pytest.mark.parametrize(
    ("raw", "repaired"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('```\n{"a": 1}```', '{"a": 1}'),
        ('Sure! {"a": {"b": 1}} Bye.', '{"a": {"b": 1}}'),
        ('<think>{"no": 1}</think>\n{"a": 1}', '{"a": 1}'),
        ('As a list: ["x", "y"]', '["x", "y"]'),
        ("no json", "no json"),
        ('{"a": ', '{"a":'),
    ],
)
def test_json_is_extracted_from_text(raw: str, repaired: str) -> None:
    assert extract_json(raw) == repaired


@pytest.mark.parametrize(
    ("raw", "features", "repaired"),
    [
        ('{"features": ["A", "B"]}', ["A", "B"], False),
        ('{"features": ["A"], "notes": "extra"}', ["A"], False),
        ('["A", "B"]', ["A", "B"], False),
        ('```json\n["A"]\n```', ["A"], True),
    ],
)
def test_feature_lists_are_parsed_leniently(raw: str, features: list[str], repaired: bool) -> None:
    value, was_repaired = parse_answer(raw, FeatureList)
    assert isinstance(value, FeatureList)
    assert (value.features, was_repaired) == (features, repaired)


@pytest.mark.parametrize("raw", ["", "{}", '{"features": "A, B"}', '{"features": ["A"', "null"])
def test_unparseable_answers_give_none(raw: str) -> None:
    assert parse_answer(raw, FeatureList) == (None, False)


def test_full_stops_and_line_breaks_of_names_are_removed() -> None:
    name = ClusterName(label=' "Asks for  verse." ', description="The user\nwants verse.")
    assert (name.label, name.description) == ("Asks for verse", "The user wants verse.")
    with pytest.raises(ValidationError, match="label is empty"):
        ClusterName(label="...", description="x")


def test_scores_are_clamped_and_missing_ones_are_none() -> None:
    answer = '{"scores": [{"cluster": "1", "score": 300}, {"cluster": 3, "score": 0}, {"cluster": 3, "score": 9}]}'
    assert InterestScores.model_validate_json(answer).of(4) == [100, None, 1, None]
