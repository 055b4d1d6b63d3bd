"""Prompt files: templates that are checked before anything is paid, and that insert values verbatim.

A template has `${name}` placeholders and no other syntax (`$$` is a dollar sign). Values are inserted in a single pass
and not parsed, so a piece that contains `${x}` or `{{7*7}}` arrives unchanged.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from string import Template

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.llm import fences
from featdisc_assets.llm.fences import fence, open_fence

__all__ = ["Prompt", "PromptError", "examples", "fence", "load", "open_fence"]

HOME = Path(__file__).parents[1] / "prompts"

# For each task: the required and the optional placeholders of a template.
_PLACEHOLDERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "rate": (frozenset({"piece"}), frozenset({"at_least", "at_most", "examples"})),
    "evidence": (frozenset({"piece"}), frozenset({"at_least", "at_most", "examples"})),
    "name": (frozenset({"features"}), frozenset({"neighbours"})),
    "rename": (frozenset({"features"}), frozenset({"neighbours", "rejected", "reason"})),
    "parent": (frozenset({"clusters"}), frozenset({"neighbours", "rejected", "reason"})),
    "interest": (frozenset({"clusters"}), frozenset({"audience"})),
    "judge": (frozenset({"name", "phrases"}), frozenset()),
    "verify": (frozenset({"piece", "feature"}), frozenset({"kind"})),
    "codebook": (frozenset({"piece", "codebook"}), frozenset({"kind"})),
}
_PHRASE = re.compile(
    r"^\s*[-*•]\s+(?P<bullet>[^\W\d_][^\n.;:]*?)\s*$|[\"“](?P<quoted>[^\W\d_][^\n\"”.;:]*)[\"”]", re.MULTILINE
)


class PromptError(FeatdiscError):
    """A prompt file that cannot be used; the message names the file and the remedy in one sentence."""


@dataclass(frozen=True)
class Prompt:
    """One checked template.

    Attributes:
        task: The prompt's folder: `rate`, `name`, `interest`, …
        name: The file's name without its suffix.
        text: The template.
        examples: The example phrases, one per line; empty if the template does not show them.
    """

    task: str
    name: str
    text: str
    examples: str

    @cached_property
    def version(self) -> str:
        """12 hex digits that change whenever a rendered prompt may change."""
        parts = "\0".join((self.text, self.examples, str(fences.VERSION)))
        return blake2b(parts.encode(), digest_size=6).hexdigest()

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """The values that `render` takes: all of the task except the examples, used by the template or not."""
        required, optional = _PLACEHOLDERS[self.task]
        return (required | optional) - {"examples"}

    def render(self, **values: object) -> str:
        """The prompt with its values inserted, in a single pass.

        Raises:
            PromptError: If the values are not exactly those of the task.
        """
        if values.keys() != self.placeholders:
            wrong = ", ".join(sorted(values.keys() ^ self.placeholders))
            raise PromptError(
                f"prompt {self.task}/{self.name} takes {', '.join(sorted(self.placeholders))}; check {wrong}"
            )
        return Template(self.text).substitute(values, examples=self.examples)


def load(task: str, name: str, folder: Path | None = None) -> Prompt:
    """Read and check one template; a file in `folder` replaces the built-in one of the same path.

    Args:
        task: The prompt's folder: `rate`, `name`, `interest`, …
        name: The file's name without its suffix: `user`, `thought` or `response`; `cluster`; `clusters`; …
        folder: A user's own prompts, with the paths of the built-in ones (`rate/user.md`, `rate/examples.txt`, …).

    Raises:
        PromptError: If the file is missing, or is not a template with the task's placeholders.
    """
    path = _find(f"{task}/{name}.md", folder)
    text = _read(path)
    required, optional = _PLACEHOLDERS[task]
    used = set(_placeholders(text, path))
    known = ", ".join(f"${{{name}}}" for name in sorted(required | optional))
    if unknown := sorted(used - required - optional):
        raise PromptError(
            f"{path} uses the unknown placeholder ${{{unknown[0]}}}; use {known}, and $$ for a dollar sign"
        )
    if missing := sorted(required - used):
        raise PromptError(f"{path} lacks the placeholder ${{{missing[0]}}}; add it where the text is to stand")
    shown = "\n".join(f"- {phrase}" for phrase in examples(folder)) if "examples" in used else ""
    return Prompt(task, name, text, shown)


def fingerprint(task: str, name: str, folder: Path | None = None) -> str:
    """All that decides a task's prompts, as text to hash.

    The files are not checked, so that definitions load with a typo in one of them; the asset that uses it reports it.
    """
    files = [f"{task}/{name}.md", *(["rate/examples.txt"] if task == "rate" else [])]
    found = [(folder / file, HOME / file) if folder is not None else (HOME / file,) for file in files]
    texts = [next((path.read_text("utf-8", "replace") for path in paths if path.is_file()), "") for paths in found]
    return "\0".join((*texts, str(fences.VERSION)))


def names() -> list[str]:
    """The paths of all built-in prompt files, relative to their folder."""
    return sorted(str(path.relative_to(HOME)) for path in HOME.glob("*/*.*"))


def copy(name: str, folder: Path) -> Path:
    """Copy a built-in prompt to a folder where its owner can edit it, unless it exists; returns its path.

    Args:
        name: `rate/thought`, `name/cluster.md`, `rate/examples.txt`, …
        folder: The owner's folder of prompts.

    Raises:
        PromptError: If there is no such prompt.
    """
    found = [known for known in names() if name in (known, known.removesuffix(".md"), known.removesuffix(".txt"))]
    if not found:
        raise PromptError(f"there is no prompt {name}; choose one of {', '.join(names())}")
    path = folder / found[0]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_read(HOME / found[0]), encoding="utf-8")
    return path


def examples(folder: Path | None = None) -> list[str]:
    """The example phrases of the rating prompts; none for an override folder with an empty `rate/examples.txt`."""
    lines = _read(_find("rate/examples.txt", folder)).splitlines()
    return [line.strip() for line in lines if line.strip()]


def shown_phrases(name: str, folder: Path | None = None) -> list[str]:
    """The phrases that the rating prompt of a kind shows as possible features: its examples, and phrases in its text.

    Bullets and quotations of two to eight words without punctuation count, since a user's own prompt may have its
    examples in its text.

    Args:
        name: `user`, `thought` or `response`.
        folder: A user's own prompts.
    """
    text = _read(_find(f"rate/{name}.md", folder))
    listed = [match["bullet"] or match["quoted"] for match in _PHRASE.finditer(text)]
    short = [phrase.strip() for phrase in listed if 2 <= len(phrase.split()) <= 8 and "$" not in phrase]
    return list(dict.fromkeys([*(examples(folder) if "${examples}" in text else []), *short]))


def _find(name: str, folder: Path | None) -> Path:
    if folder is not None and not folder.is_dir():
        raise PromptError(f"the prompt folder {folder} does not exist; create it or leave the setting out")
    own = folder / name if folder is not None else None
    path = own if own is not None and own.is_file() else HOME / name
    if not path.is_file():
        there = ", ".join(sorted(str(file.relative_to(HOME)) for file in HOME.glob("*/*.md")))
        raise PromptError(f"there is no prompt {name}; choose one of {there}")
    return path


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PromptError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _placeholders(text: str, path: Path) -> Iterator[str]:
    for match in Template.pattern.finditer(text):
        if match["escaped"] is None and match["braced"] is None:
            line = text.count("\n", 0, match.start()) + 1
            raise PromptError(
                f"{path} line {line} has a bare dollar sign; write ${{name}} for a value and $$ for a dollar"
            )
        if match["braced"] is not None:
            yield match["braced"]
