"""Feature phrases of known themes, to score a clustering.

Theme sizes follow a power law. Every theme has paraphrases that share heads ("Mentions …") and endings ("… in the
opening") with other themes. Some themes have an opposite that differs by a negation or an antonym. A quarter of the
phrases is general filler without a theme, which attracts rare themes into its clusters.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).parent


def _split(text: str) -> list[str]:
    return [" ".join(item.split()) for item in text.split(";")]


TOPIC_HEADS = _split(
    """
    Asks about; Discusses; Explains; Wants help with; Gives advice on; Brings up; Describes; Question about; Talks
    about; Mentions; Focuses on; Offers tips on; Seeks information on; Covers; Compares
    """
)
TAILS = _split(
    """
    in detail; briefly; at length; in the opening; at the end; several times; repeatedly; in passing; early on; with
    examples; step by step; for a beginner; in a friendly way; without being asked; before answering; when prompted;
    in the final paragraph; in the first sentence; after some thought; once more; directly; indirectly; in plain
    words; as part of a plan; throughout; in a long message; in one line; with some care; as an aside; while
    reasoning; for the user; as requested; in context; to be safe; in the middle; for a second time; in a neutral
    voice; rather quickly; as a first step; before moving on
    """
)
SUBJECTS = ["", "", "", "Response", "Model", "The message", "Text"]
FILLER = _split(
    """
    Clear; Helpful; Detailed; Structured; Informative; Direct; General; Thorough; Relevant; Simple; Careful;
    Practical; Well organized; Comprehensive; Balanced; Neutral; Specific; Thoughtful; Standard; Coherent
    """
)
FILLER_NOUNS = _split(
    """
    explanation; response; answer; request; message; overview; content; statement; discussion; question; summary;
    description; information; paragraph; reasoning; context; guidance; instruction; topic; phrasing
    """
)
NO_THEME = -1


@dataclass(frozen=True)
class Planted:
    """Phrases and their themes.

    Attributes:
        texts: Distinct phrases of letters and spaces.
        theme: int64[n], -1 for filler.
        names: Name of each theme.
        opposites: Pairs of themes of opposite meaning, and how they differ: "negation" or "antonym".
    """

    texts: list[str]
    theme: npt.NDArray[np.int64]
    names: list[str]
    opposites: list[tuple[int, int, str]]


def phrases(n: int, *, seed: int = 0, filler: float = 0.25) -> Planted:
    """About n distinct phrases; theme sizes follow a power law from about 3% of all phrases down to 6 phrases."""
    random = np.random.default_rng(seed)
    themes, opposites = _read_themes()
    rank = random.permutation(len(themes))
    weight = 1.0 / (rank + 4.0)
    sizes = np.maximum(6, np.round(weight / weight.sum() * n * (1 - filler))).astype(int)
    texts: dict[str, int] = {}
    for theme, ((_, heads, objects), size) in enumerate(zip(themes, sizes, strict=True)):
        _add_phrases(texts, theme, heads, objects, int(size), random)
    _add_phrases(texts, NO_THEME, FILLER, FILLER_NOUNS, n - len(texts), random)
    order = sorted(texts)
    return Planted(order, np.array([texts[text] for text in order]), [name for name, _, _ in themes], opposites)


def _random_tail(random: np.random.Generator) -> str:
    # The empty tail is as likely as any other.
    return ["", *TAILS][random.integers(len(TAILS) + 1)]


def _add_phrases(
    texts: dict[str, int], theme: int, heads: list[str], objects: list[str], size: int, random: np.random.Generator
) -> None:
    added = tries = 0
    while added < size and tries < 40 * size:
        tries += 1
        parts = [SUBJECTS[random.integers(len(SUBJECTS))], heads[random.integers(len(heads))]]
        parts += [objects[random.integers(len(objects))], _random_tail(random)]
        words = " ".join(part for part in parts if part)
        if tries > 10 * size:
            # The theme has too few combinations: add a second tail.
            words = f"{words} {_random_tail(random)}".strip()
        text = words[0].upper() + words[1:].lower()
        if text not in texts:
            texts[text] = theme
            added += 1


def _read_themes() -> tuple[list[tuple[str, list[str], list[str]]], list[tuple[int, int, str]]]:
    themes, opposites, by = [], [], "negation"
    for line in (FOLDER / "planted_themes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            by = "antonym" if "without a negation" in line else "negation"
            continue
        name, *parts = (part.strip() for part in line.split("|"))
        heads, objects, *contrary = ([item.strip() for item in part.split(";")] for part in parts)
        themes.append((name, heads, objects))
        if contrary:
            themes.append((f"{name}, the contrary", contrary[0], objects))
            opposites.append((len(themes) - 2, len(themes) - 1, by))
    for line in (FOLDER / "planted_topics.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            topic, entries = (part.strip() for part in line.split("|"))
            themes.append((topic, TOPIC_HEADS, [item.strip() for item in entries.split(";")]))
    return themes, opposites
