"""What a piece looks like: Markdown, code, logs, links, formulas, emoji."""

import re
from typing import Final

from featdisc_assets.surface.rule import ANY, MODEL, RESPONSE, SPOKEN, Found, Rule
from featdisc_assets.surface.technical import code_languages
from featdisc_assets.surface.view import TextView

_NUMBERED: Final = re.compile(r"^[ \t>]{0,8}(?:\*\*)?(\d{1,3})[.)](?:\*\*)?[ \t]+\S", re.MULTILINE)
_BULLET: Final = re.compile(r"^[ \t>]{0,12}[-*•–][ \t]+\S", re.MULTILINE)
_HEADING: Final = re.compile(r"^#{1,6}[ \t]+\S|^\*\*[^*\n]{2,80}:?\*\*:?[ \t]*$", re.MULTILINE)
_TABLE: Final = re.compile(r"^\|?[ \t]*:?-{2,}:?[ \t]*\|", re.MULTILINE)
_BOLD: Final = re.compile(r"\*\*[^*\n]{1,120}\*\*|__[^_\n]{1,120}__")
_QUOTED_LINE: Final = re.compile(r"^>[ \t]*\S", re.MULTILINE)
_LATEX: Final = re.compile(
    r"\\(?:frac|sqrt|sum|int|times|cdot|begin|left|text|alpha|beta|pi|boxed|approx|leq|geq)\b|\$\$|\\\(|\\\["
)
_EQUATION: Final = re.compile(
    r"\d[\d.,]*[ \t]*[-+*/×·÷^−][ \t]*\d[\d.,]*[^\n=]{0,30}=|[a-zA-Z]\d?[ \t]*=[ \t]*[-−]?\d|\d+!|\b\d+/\d+ \w+ \d+/\d+"
)
_JSON: Final = re.compile(r"[{\[]\s{0,40}\"[\w $.-]{1,60}\"\s{0,10}:|^\s*\{\s*$", re.MULTILINE)
_XML: Final = re.compile(
    r"<(?:html|div|body|p|span|table|ul|a|head|script|style|svg|xml|\?xml)\b[^>\n]{0,200}>", re.IGNORECASE
)
_URL: Final = re.compile(r"\bhttps?://\w|\bwww\.\w", re.IGNORECASE)
_EMOJI: Final = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
_CITATION: Final = re.compile(
    r"\[\d{1,3}\]|\([A-Z][\w'-]{1,30}(?: et al\.| (?:and|&) [A-Z]\w{1,30})?,? (?:19|20)\d\d\)|\bet al\.|\bdoi\b"
)
_STAGE: Final = re.compile(
    r"(?:^|[\s(])\*(?![*\s])[^*\n]{8,300}[^*\s]\*(?!\*)|^\([^)\n]{12,300}\)[ \t]*$", re.MULTILINE
)
_PLACEHOLDER: Final = re.compile(
    r"\[(?:Your|Name|Date|Insert|Company|Recipient|Address|City|Phone|Email|Tu |Votre|Ihr)[^\]\n]{0,40}\]",
    re.IGNORECASE,
)

_TOOL_CALL: Final = re.compile(
    r"<(?:\w{1,10}:)?(?:function_calls?|invoke|tool_calls?|tool_use)\b|\"(?:tool_calls|function_call|arguments|"
    r"tool_input)\"\s?:|"
    r"\{\s?\"name\"\s?:\s?\"\w{2,60}\"\s?,\s?\"(?:arguments|parameters|input)\""
)
_SCAN: Final = 20_000
_MONEY: Final = re.compile(r"[$€£¥] ?\d|\b\d[\d.,]* ?(?:€|£|¥|euros?\b|dollars?\b|pounds\b|USD\b|EUR\b|GBP\b|円)")
_DATE: Final = re.compile(
    r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[:h]\d\d\b|\b\d{1,2} ?[ap]m\b|\b(?:january|february|march|april|june|july|"
    r"august|september|october|"
    r"november|december) \d{1,2}\b|\b\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:january|february|march|april|may|june|"
    r"july|august|september|"
    r"october|november|december)\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b",
    re.IGNORECASE,
)


def _numbered(view: TextView) -> Found:
    """A list counts from one; a single "3." or a year at the start of a line is not a list."""
    best = run = 0
    for match in _NUMBERED.finditer(view.unfenced):
        n = int(match[1])
        # Markdown renders "1. 1. 1." as 1, 2, 3.
        run = run + 1 if n == run + 1 or n == run == 1 else int(n == 1)
        best = max(best, run)
    if best < 2:
        return None
    lead = "Writes" if view.kind == "user" else "Answers with" if view.kind == "response" else "Drafts"
    return f"{lead} a long numbered list" if best > 7 else f"{lead} a numbered list"


def _bullets(view: TextView) -> Found:
    n = len(_BULLET.findall(view.unfenced))
    if n < 2:
        return None
    return "Long bullet list" if n > 10 else "Uses bullet points"


def _headings(view: TextView) -> Found:
    return "Organised under headings" if len(_HEADING.findall(view.unfenced)) >= 2 else None


def _table(view: TextView) -> Found:
    return "Contains a table" if "|" in view.unfenced and _TABLE.search(view.unfenced) else None


def _bold(view: TextView) -> Found:
    if view.kind == "user" or ("**" not in view.unfenced and "__" not in view.unfenced):
        return None
    n = len(_BOLD.findall(view.unfenced))
    return "Highlights key terms in bold" if n >= 2 else None


def _quotes_block(view: TextView) -> Found:
    return "Contains a block quote" if _QUOTED_LINE.search(view.unfenced) else None


def _code(view: TextView) -> Found:
    languages = code_languages(view)
    if view.fences:
        lead = "Pastes" if view.kind == "user" else "Contains"
        return [f"{lead} {name} code" for name in languages[:2]] + ["Contains a fenced code block"]
    if len(view.code_lines) >= 3 and languages:
        return f"Contains {languages[0]} code without a fence"
    return None


def _inline_code(view: TextView) -> Found:
    return "Mentions code in running text" if view.unfenced.count("`") >= 2 and not view.fences else None


def _log(view: TextView) -> Found:
    if any("Traceback" in line or line.lstrip().startswith(("at ", "File ")) for line in view.log_lines):
        return "Pastes a stack trace" if view.kind == "user" else "Shows a stack trace"
    if view.log_lines:
        return "Pastes log lines" if view.kind == "user" else "Shows log lines"
    return None


def _json(view: TextView) -> Found:
    text = view.body
    has_key = ("{" in text or "[" in text) and ('":' in text or '" :' in text)
    return "Contains JSON data" if has_key and _JSON.search(text) else None


def _calls_tool(view: TextView) -> Found:
    return "Calls a tool" if _TOOL_CALL.search(view.body[:_SCAN]) else None


def _xml(view: TextView) -> Found:
    return "Contains markup tags" if "<" in view.unfenced and _XML.search(view.unfenced) else None


def _latex(view: TextView) -> Found:
    if ("\\" in view.unfenced or "$$" in view.unfenced) and _LATEX.search(view.unfenced):
        return "Writes formulas in LaTeX"
    return None


def _calculates(view: TextView) -> Found:
    n = len(_EQUATION.findall(view.unfenced))
    if n < 2:
        return None
    return "Works through many calculations" if n > 6 else "Works through a calculation"


def _money(view: TextView) -> Found:
    return "Names sums of money" if _MONEY.search(view.unfenced) else None


def _dates(view: TextView) -> Found:
    return "Names dates or times of day" if len(_DATE.findall(view.unfenced[:_SCAN])) >= 2 else None


def _links(view: TextView) -> Found:
    if not _URL.search(view.body):
        return None
    return "Mentions a web link" if view.kind == "thought" else "Includes a web link"


def _emoji(view: TextView) -> Found:
    n = 0 if view.body.isascii() else len(_EMOJI.findall(view.body))
    return None if not n else "Full of emoji" if n > 5 else "Uses emoji"


def _cites(view: TextView) -> Found:
    return "Cites sources" if len(_CITATION.findall(view.prose)) >= 2 else None


def _stage_directions(view: TextView) -> Found:
    found = _STAGE.findall(view.unfenced) if "*" in view.unfenced or "(" in view.unfenced else []
    return "Writes stage directions between asterisks" if any("*" in f for f in found) else None


def _placeholders(view: TextView) -> Found:
    return "Leaves placeholders to fill in" if "[" in view.unfenced and _PLACEHOLDER.search(view.unfenced) else None


RULES: Final = (
    Rule("numbered_list", ANY, 76, _numbered),
    Rule("log", ANY, 82, _log),
    Rule("code", ANY, 80, _code),
    Rule("stage_directions", SPOKEN, 81, _stage_directions),
    Rule("latex", ANY, 72, _latex),
    Rule("table", ANY, 71, _table),
    Rule("json", ANY, 70, _json),
    Rule("tool_call", MODEL, 83, _calls_tool),
    Rule("markup", ANY, 60, _xml),
    Rule("emoji", ANY, 68, _emoji),
    Rule("citations", ANY, 62, _cites),
    Rule("placeholders", ANY, 61, _placeholders),
    Rule("calculation", ANY, 59, _calculates),
    Rule("links", ANY, 54, _links),
    Rule("bullets", ANY, 53, _bullets),
    Rule("headings", ANY, 50, _headings),
    Rule("block_quote", ANY, 47, _quotes_block),
    Rule("inline_code", ANY, 44, _inline_code),
    Rule("money_named", ANY, 41, _money),
    Rule("dates", ANY, 40, _dates),
    Rule("bold", RESPONSE, 43, _bold),
)
