"""The answer models of all tasks, and how their content is cleaned.

Schemas are constants, since instructor would build them on every call. Their limits (`maxItems`, `maxLength`) restrict
the grammar of small models, but are not enforced on parsing: a list that is too long is trimmed, not asked for again.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema, JsonSchemaMode

FEATURE_CHARS = 120
LABEL_CHARS = 80
DESCRIPTION_CHARS = 400
QUOTE_CHARS = 600


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
        """The number of items in the answer, for `Request.at_least`."""
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
        """The constant schema; the arguments are pydantic's and have no effect."""
        return cls.SCHEMA


class FeatureList(Answer):
    """Features of one piece, as the model wrote them, before `clean_features`."""

    SCHEMA = _object(features={"type": "array", "items": _text(FEATURE_CHARS), "maxItems": 40})

    features: list[str]

    @property
    def n_items(self) -> int:
        """The number of features with a letter in them."""
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
        # A full stop at the end of a label or a line break in a sentence needs no re-ask.
        self.label = " ".join(self.label.split()).strip(" .\"'*")[:LABEL_CHARS].strip()
        self.description = " ".join(self.description.split())[:DESCRIPTION_CHARS].strip()
        if not self.label:
            raise ValueError("the label is empty; write about five words")
        return self


class ClusterScore(BaseModel):
    """The score of one shown cluster."""

    cluster: int
    score: int


class InterestScores(Answer):
    """Scores of the shown clusters, by their numbers."""

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
        """The number of scored clusters."""
        return len(self.scores)

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, value: object) -> object:
        return {"scores": value} if isinstance(value, list) else value

    def of(self, n_clusters: int) -> list[int | None]:
        """Scores 1-100 of clusters 1 to `n_clusters`, None if the model left one out; the first mention counts."""
        found: dict[int, int] = {}
        for entry in self.scores:
            found.setdefault(entry.cluster, min(100, max(1, entry.score)))
        return [found.get(number) for number in range(1, n_clusters + 1)]


class QuotedFeature(BaseModel):
    """A feature, and the words of the piece that show it; an empty quote means that no passage does."""

    feature: str
    quote: str = ""


class QuotedFeatureList(Answer):
    """Features of one piece, each with a quote, before `clean_quoted`."""

    SCHEMA = _object(
        features={
            "type": "array",
            "items": _object(feature=_text(FEATURE_CHARS), quote=_text(QUOTE_CHARS)),
            "maxItems": 40,
        }
    )

    features: list[QuotedFeature]

    @property
    def n_items(self) -> int:
        """The number of features with a letter in them."""
        return sum(any(char.isalpha() for char in item.feature) for item in self.features)

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, value: object) -> object:
        return {"features": value} if isinstance(value, list) else value


class PhraseFit(BaseModel):
    """How well one shown phrase fits a name."""

    phrase: int
    fit: int


class PhraseFits(Answer):
    """How well the shown phrases fit a name, by their numbers."""

    SCHEMA = _object(
        fits={"type": "array", "items": _object(phrase={"type": "integer"}, fit={"type": "integer"}), "maxItems": 60}
    )

    fits: list[PhraseFit]

    @property
    def n_items(self) -> int:
        """The number of judged phrases."""
        return len(self.fits)

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, value: object) -> object:
        return {"fits": value} if isinstance(value, list) else value

    def of(self, n_phrases: int) -> list[int | None]:
        """Fits 0-100 of phrases 1 to `n_phrases`, None if the judge left one out; the first mention counts."""
        found: dict[int, int] = {}
        for entry in self.fits:
            found.setdefault(entry.phrase, min(100, max(0, entry.fit)))
        return [found.get(number) for number in range(1, n_phrases + 1)]


class Verdict(Answer):
    """Whether a feature is true of a piece."""

    SCHEMA = _object(verdict={"type": "string", "enum": ["true", "false", "unclear"]})

    verdict: Literal["true", "false", "unclear"]

    @model_validator(mode="before")
    @classmethod
    def _plain_boolean(cls, value: object) -> object:
        if isinstance(value, dict) and "verdict" in value:
            # A JSON boolean or a capital letter needs no re-ask.
            return value | {"verdict": str(value["verdict"]).strip().lower()}
        return value


class Shown(Answer):
    """The behaviours of a codebook that a piece shows, by their numbers."""

    SCHEMA = _object(shown={"type": "array", "items": {"type": "integer"}, "maxItems": 40})

    shown: list[int]

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, value: object) -> object:
        return {"shown": value} if isinstance(value, list) else value

    def of(self, n_behaviours: int) -> list[bool]:
        """Whether each of behaviours 1 to `n_behaviours` is shown; other numbers are ignored."""
        found = set(self.shown)
        return [number in found for number in range(1, n_behaviours + 1)]


_BULLET = re.compile(r"^\s*(?:(?:[-*+•·–—>#]+|\(?\d{1,3}[.):]|\(?[a-zA-Z][.)])\s+)+")
_JOINTS = re.compile(r"[-‐-―/_]+")
_QUOTES = re.compile(r"(?<=\w)['’ʼ](?=\w)")


def clean_quoted(raw: Iterable[QuotedFeature], *, at_most: int) -> list[tuple[str, str]]:
    """Features cleaned by `clean_features`, each with its quote unchanged."""
    kept: dict[str, tuple[str, str]] = {}
    for item in raw:
        for text in clean_features([item.feature], at_most=1):
            kept.setdefault(text.casefold(), (text, item.quote))
        if len(kept) == at_most:
            break
    return list(kept.values())


def clean_features(raw: Iterable[str], *, at_most: int) -> list[str]:
    """Clean features, in the model's order, and drop duplicates and surplus.

    Removes bullets, numbering and apostrophes within words; replaces hyphens and every other character that is not a
    letter of some script by a space; drops the last words of texts longer than 120 characters; capitalises the first
    letter. Of texts that differ only in case the first is kept.

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
    # Combining marks are part of the letter before them: without them Hindi and Thai words would be split.
    return char.isalpha() or (char > "\u02ff" and not char.isascii() and not char.isspace() and _is_mark(char))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Mc")


def _shorten(words: Sequence[str]) -> str:
    text = " ".join(words)
    while len(text) > FEATURE_CHARS and len(words) > 1:
        words = words[:-1]
        text = " ".join(words)
    return text[:FEATURE_CHARS]
