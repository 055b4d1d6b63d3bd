"""Programming languages of code, and HTTP status codes."""

import re
from collections import Counter
from typing import Final

from featdisc_assets.surface.rule import ANY, Found, Rule
from featdisc_assets.surface.view import TextView

# Language: tags of fenced code. A feature has letters only, so that C++ is "C plus plus".
_FENCE_TAGS: Final = """
Python: py python python3
JavaScript: js javascript jsx
TypeScript: ts typescript tsx
Java: java
C: c
C plus plus: cpp c++
C sharp: cs csharp c#
Rust: rust rs
Go: go golang
Ruby: ruby rb
PHP: php
SQL: sql
shell: bash sh shell console zsh
PowerShell: powershell
HTML: html
CSS: css
XML: xml
JSON: json
YAML: yaml yml
TOML: toml
configuration: ini conf
nginx configuration: nginx
Apache configuration: apache
Dockerfile: dockerfile
Makefile: makefile
R: r
Kotlin: kotlin
Swift: swift
Scala: scala
Haskell: haskell
Lua: lua
Perl: perl
Julia: julia
MATLAB: matlab
LaTeX: latex tex
Elixir: elixir
Dart: dart
"""
_LANGUAGE_BY_TAG: Final = {
    tag: name for line in _FENCE_TAGS.strip().splitlines() for name, tags in [line.split(": ")] for tag in tags.split()
}
# The first pattern that matches names the language of an untagged block.
_CODE_PATTERNS: Final = (
    (
        "Python",
        re.compile(r"^\s*(?:def \w+\(.*\).*:|from [\w.]+ import |import \w+$|elif |if __name__|print\()", re.MULTILINE),
    ),
    ("PHP", re.compile(r"<\?php|\$\w+ ?->")),
    ("Rust", re.compile(r"\bfn \w+\(.*\{|\blet mut \b|println!\(|\bimpl \w+")),
    ("Go", re.compile(r"\bfunc \w*\(.*\{|^package \w+|:= ", re.MULTILINE)),
    ("Java", re.compile(r"public (?:static|class|void)|System\.out\.print")),
    ("C", re.compile(r"#include ?<|\bint main\(|\bprintf\(")),
    ("JavaScript", re.compile(r"\b(?:const|let|var) \w+ ?=|=> ?\{|console\.log|function \w*\(|require\(|await fetch")),
    ("SQL", re.compile(r"\bSELECT\b[^;]{1,300}\bFROM\b|\bINSERT INTO\b|\bCREATE TABLE\b", re.IGNORECASE)),
    ("HTML", re.compile(r"<(?:html|div|body|table|form)\b", re.IGNORECASE)),
    ("CSS", re.compile(r"^[.#]?[\w-]+ ?\{\s*[\w-]+ ?:", re.MULTILINE)),
    ("JSON", re.compile(r"^\s*[{\[]\s*\"?\w*\"?\s*[:,{]")),
    ("shell", re.compile(r"^\s*(?:\$ |sudo |curl |git |npm |pip |docker |cd |ls |kubectl |#!/bin)", re.MULTILINE)),
)
_TAG: Final = re.compile(r"(?:```|~~~)[ \t]*([\w+#-]*)")


def code_languages(view: TextView) -> list[str]:
    """The programming languages of the fenced blocks, or else of lines that look like code, the most frequent first."""
    names = Counter[str]()
    for fence in view.fences[:20]:
        tag = _TAG.match(fence)
        name = _LANGUAGE_BY_TAG.get(tag[1].lower()) if tag and tag[1] else None
        name = name or next((n for n, pattern in _CODE_PATTERNS if pattern.search(fence[:2_000])), None)
        if name:
            names[name] += 1
    if not view.fences and len(view.code_lines) >= 2:
        code = "\n".join(view.code_lines[:60])
        names.update(n for n, pattern in _CODE_PATTERNS[:10] if pattern.search(code))
    return [name for name, _ in names.most_common()]


# Named in words, as a feature has no digits.
_STATUS_TABLE: Final = """
200 success code
201 created code
204 no content code
301 permanent redirect
302 redirect
304 not modified code
307 temporary redirect
308 permanent redirect
400 bad request error
401 unauthorized error
402 payment required error
403 forbidden error
404 not found error
405 method not allowed error
406 not acceptable error
407 proxy login error
408 request timeout error
409 conflict error
410 gone error
411 length required error
412 precondition error
413 payload too large error
414 address too long error
415 unsupported media type error
416 range error
418 teapot error
421 misdirected request error
422 unprocessable content error
423 locked error
425 too early error
426 upgrade required error
428 precondition required error
429 too many requests error
431 headers too large error
451 legal reasons error
499 client closed request error
500 internal server error
501 not implemented error
502 bad gateway error
503 service unavailable error
504 gateway timeout error
505 HTTP version error
507 insufficient storage error
508 loop detected error
511 network login error
520 unknown server error
521 server down error
522 connection timeout error
524 timeout error
525 handshake error
"""
_STATUS_NAMES: Final = dict(line.split(" ", 1) for line in _STATUS_TABLE.strip().splitlines())
_CODE: Final = re.compile(
    r"(?<![\d.,:/$€£#-])\b([1-5]\d\d)s?\b(?![.,:]?\d|%|[ \t]*(?:g|kg|km|m|cm|mm|ml|l|kcal|€|euros?|dollars?|years?|"
    r"words?|pages?|people|ppm|mg|grams?|million|degrees?|meters?|metres?|days?|hours?)\b)"
)
# A number of three digits is a status code only after or before such words.
_BEFORE: Final = re.compile(
    r"(?:\bhttp\b|http/\d(?:\.\d)?|\bstatus(?:[ _]?code)?|\berror(?:[ _]?code)?|\bstatuscode|\bfehler(?:code)?|"
    r"\berreur|\berro\b|\berrore|"
    r"\bcodigo|\bcodice|\bresponse(?: code)?|\breturn(?:s|ed|ing)?|\bgett?(?:s|ing)?\b|\bgot\b|\bthrow(?:s|ing)?|"
    r"\bcode\b|エラー|ステータス)"
    r"(?:\s|[:=('\"*`]|\b(?:an?|is|was|der|de|un|una|uma|with|was|the|code|me|its|it's|back|still|only|of)\b){0,5}$",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"^[`*'\")]{0,3}[\s,:(*-]{0,4}(?:(?:is|means|=|signifie|significa|bedeutet|heisst|heißt|vuol dire|"
    r"quiere decir|veut dire|quer dizer|とは|は)\b[\s,:(*\"'`]{0,4}(?:an? |the |\"|que )?)?(?:http|error|errors|"
    r"status|response|code|not found|bad gateway|bad request|forbidden|unauthorized|unauthorised|"
    r"internal server|service (?:temporarily )?unavailable|gateway time|too many requests|conflict|gone\b|moved|"
    r"found\b|ok\b|method not|"
    r"request (?:timeout|entity)|payload|content too|unprocessable|unsupported media|payment required|teapot|page|"
    r"fehler|erreur|エラー|redirect|le serveur|el servidor|der server|o servidor|il server|the server|サーバー)",
    re.IGNORECASE,
)
_WEB: Final = re.compile(
    r"\bhttps?\b|\bapi\b|\bendpoint|\bserver\b|\bnginx|\bcurl\b|\bwebhook|\bproxy\b|\bget /|\bpost /|\bput /|"
    r"\bstatus code|\bwebsite\b|\brequests?\.|"
    r"\bservidor\b|\bserveur\b|\bsite\b|\blog ?in\b|\bupload|サーバー|\burl\b|\bfetch\b|\btoken\b|"
    r"\bheaders?\b|\brequest\b",
    re.IGNORECASE,
)
_WORDED: Final = re.compile(
    r"\bbad gateway\b|\bgateway time-?out\b|\bservice (?:temporarily )?unavailable\b|\btoo many requests\b|"
    r"\binternal server error\b|"
    r"\bhttp status\b|\bhttp error|\bstatus codes?\b|\bunprocessable (?:entity|content)\b|\bmethod not allowed\b|"
    r"\brate limit(?:ed|ing)?\b",
    re.IGNORECASE,
)
# Words after a number that do not make it a status code by themselves.
_TOO_GENERAL: Final = frozenset({"code", "page", "response", "ok", "found"})
_SCAN: Final = 12_000


def status_codes(text: str) -> list[str]:
    """The HTTP status codes that a text mentions, as three digits, in order of first mention."""
    text = text[:_SCAN]
    web: bool | None = None
    codes: list[str] = []
    for match in _CODE.finditer(text):
        code = match[1]
        if code in codes or code not in _STATUS_NAMES:
            continue
        before = _BEFORE.search(text[max(0, match.start() - 40) : match.start()])
        after = _AFTER.match(text[match.end() : match.end() + 40])
        if before or after:
            if web is None:
                web = _WEB.search(text) is not None or _WORDED.search(text) is not None
            named = after and after[0].strip(" `*'\"),:(-\t\n").lower() not in _TOO_GENERAL
            if web or named:
                codes.append(code)
    return codes


def _status(view: TextView) -> Found:
    codes = status_codes(view.body)
    if not codes:
        return None
    errors = [c for c in codes if c >= "400"] or codes
    names = [_STATUS_NAMES[c] for c in errors[:2]]
    if view.kind == "user":
        return [f"Reports {_article(names[0])} {names[0]}", "Reports an HTTP status code"]
    if view.kind == "thought":
        return [f"Thinks about {_article(names[0])} {names[0]}", "Considers an HTTP status code"]
    return [f"Names the {names[0]}", "Explains an HTTP status code"]


def _article(name: str) -> str:
    return "an" if name[0].lower() in "aeiou" or name.startswith("HTTP") else "a"


RULES: Final = (Rule("http_status", ANY, 91, _status),)
