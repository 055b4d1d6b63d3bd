"""Who speaks: the user's own calling, the model as a character, verse, story, letter, recipe."""

import re
from typing import Final

from featdisc_assets.surface.lexicon import lexicon
from featdisc_assets.surface.rule import RESPONSE, USER, Found, Rule, says
from featdisc_assets.surface.view import TextView

_SAID: Final = lexicon("persona")
_STAGE: Final = re.compile(r"(?:^|[\s(\"“])\*(?![*\s])[^*\n]{6,400}[^*\s]\*(?!\*)|^_[^_\n]{8,300}_(?!_)", re.MULTILINE)
# A line that opens with one is a stage direction; a label ("*Every day.*") is shorter and capitalised.
_STAGE_LINE: Final = re.compile(
    r"^\*(?:[a-zà-ÿ\u3040-\u9fff][^*\n]{5,400}|[^*\s](?:[^*\n ]* ){3}[^*\n]{1,400})(?<!\s)\*(?!\*)", re.MULTILINE
)
_ITEM: Final = re.compile(r"^\s*(?:[-*•#>|]|\d{1,3}[.)])")
_NO_VERSE: Final = re.compile(r"[=\\{}<>\[\]@|]|:\s*$|\d|^\s*\S+\s*$|: \S+$")


def _in_persona(view: TextView) -> Found:
    """Stage directions between asterisks, or several words that only a character says of itself."""
    staged = (
        [s for s in _STAGE.findall(view.unfenced) if len(s.split()) >= 3 and not s.rstrip("*").endswith(":")]
        if "*" in view.unfenced or "_" in view.unfenced
        else []
    )
    opens = _STAGE_LINE.search(view.unfenced) is not None
    # Old words ("thou") belong to verse as well.
    spoken = 0 if is_verse(view) else view.count(_SAID["in_persona"])
    if opens or len(staged) >= 2 or spoken >= 2 or (staged and spoken):
        return "Speaks in the voice of a character"
    return None


def is_verse(view: TextView) -> bool:
    """Whether several short lines of plain words stand in a row that are no list."""
    lines = view.unfenced.splitlines()
    run = best = 0
    for line in lines:
        short = 8 <= len(line.strip()) <= 60 and not _ITEM.match(line) and not _NO_VERSE.search(line)
        run = run + 1 if short else 0
        best = max(best, run)
    return best >= 4 and not view.code_lines and not view.log_lines


def _verse(view: TextView) -> Found:
    return "Written in verse" if is_verse(view) else None


RULES: Final = (
    Rule("in_persona", RESPONSE, 87, _in_persona),
    Rule("profession", USER, 70, says("States own profession or role", _SAID["profession"])),
    Rule("verse", RESPONSE, 64, _verse),
    Rule("letter", RESPONSE, 63, says("Drafts a letter or message", _SAID["letter_text"])),
    Rule("story", RESPONSE, 60, says("Tells a story", _SAID["story_text"])),
    Rule("recipe", RESPONSE, 59, says("Gives cooking instructions", _SAID["recipe_text"])),
)
