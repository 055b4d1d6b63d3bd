"""What the autorater is asked to return, and our own tidying of it.

Schemas are constants: instructor would build them anew on every call. Their bounds (`maxItems`, `maxLength`) hold a
small model's grammar in check, but are not enforced on parsing: a list too long is trimmed, never asked for again.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema, JsonSchemaMode

FEATURE_CHARS = 120
LABEL_CHARS = 80
DESCRIPTION_CHARS = 400


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _text(limit: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": limit}


class Answer(BaseModel):
    """An answer with a fixed schema; unknown fields are ignored on parsing."""

    model_config = ConfigDict(extra="ignore")
    SCHEMA: ClassVar[dict[str, Any]]

    @property
    def n_items(self) -> int:
        """How many items the answer holds, for `Request.at_least`."""
        return 1

    @classmethod
    def model_json_schema(
        cls,
        by_alias: bool | None = True,
        ref_template: str = DEFAULT_REF_TEMPLATE,
        schema_generator: type[GenerateJsonSchema] = GenerateJsonSchema,
        mode: JsonSchemaMode = "validation",
        **_: object,
    ) -> dict[str, Any]:
        """The constant schema; the arguments are pydantic's and change nothing."""
        return cls.SCHEMA


class FeatureList(Answer):
    """Features of one piece, as the model wrote them; `clean_features` makes them rows."""

    SCHEMA = _object(features={"type": "array", "items": _text(FEATURE_CHARS), "maxItems": 40})

    features: list[str]

    @property
    def n_items(self) -> int:
        """Features with a letter in them."""
        return sum(any(char.isalpha() for char in feature) for feature in self.features)

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, value: object) -> object:
        return {"features": value} if isinstance(value, list) else value


class ClusterName(Answer):
    """A cluster's name."""

    SCHEMA = _object(label=_text(LABEL_CHARS), description=_text(DESCRIPTION_CHARS))

    label: str
    description: str

    @model_validator(mode="after")
    def _tidy(self) -> Self:
        # A full stop at the end of a label, a line break in a sentence: ours to mend.
        self.label = " ".join(self.label.split()).strip(" .\"'*")[:LABEL_CHARS].strip()
        self.description = " ".join(self.description.split())[:DESCRIPTION_CHARS].strip()
        if not self.label:
            raise ValueError("the label is empty; write about five words")
        return self


class ClusterScore(BaseModel):
    """The score of one of the clusters shown."""

    cluster: int
    score: int


class InterestScores(Answer):
    """Scores of the clusters shown, by their numbers."""

    SCHEMA = _object(
        scores={
            "type": "array",
            "items": _object(cluster={"type": "integer"}, score={"type": "integer"}),
            "maxItems": 40,
        }
    )

    scores: list[ClusterScore]

    @property
    def n_items(self) -> int:
        """Clusters scored."""
        return len(self.scores)

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, value: object) -> object:
        return {"scores": value} if isinstance(value, list) else value

    def of(self, n_clusters: int) -> list[int | None]:
        """Scores 1-100 of clusters 1 to `n_clusters`, None where the model left one out; the first mention counts."""
        found: dict[int, int] = {}
        for entry in self.scores:
            found.setdefault(entry.cluster, min(100, max(1, entry.score)))
        return [found.get(number) for number in range(1, n_clusters + 1)]


_BULLET = re.compile(r"^\s*(?:(?:[-*+•·–—>#]+|\(?\d{1,3}[.):]|\(?[a-zA-Z][.)])\s+)+")
_JOINTS = re.compile(r"[-‐-―/_]+")
_QUOTES = re.compile(r"(?<=\w)['’ʼ](?=\w)")


def clean_features(raw: Iterable[str], *, at_most: int) -> list[str]:
    """Features as rows: trimmed, folded, without marks, duplicates and surplus, in the model's order.

    Bullets and numbering go, hyphens become spaces, apostrophes close up, every other character that is no letter of
    some script becomes a space; texts longer than 120 characters lose their last words; the first letter is a capital.
    Of texts equal but for case the first is kept.

    Args:
        raw: The model's list.
        at_most: How many to keep.
    """
    kept: dict[str, str] = {}
    for item in raw:
        text = _QUOTES.sub("", _JOINTS.sub(" ", _BULLET.sub("", unicodedata.normalize("NFC", item))))
        text = "".join(char if _is_letter(char) else " " for char in text)
        text = _shorten(text.split())
        if text:
            kept.setdefault(text.casefold(), text[0].upper() + text[1:])
        if len(kept) == at_most:
            break
    return list(kept.values())


def _is_letter(char: str) -> bool:
    # Combining marks belong to the letters before them: without them Hindi and Thai words fall apart.
    return char.isalpha() or (char > "\u02ff" and not char.isascii() and not char.isspace() and _is_mark(char))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Mc")


def _shorten(words: Sequence[str]) -> str:
    text = " ".join(words)
    while len(text) > FEATURE_CHARS and len(words) > 1:
        words = words[:-1]
        text = " ".join(words)
    return text[:FEATURE_CHARS]
