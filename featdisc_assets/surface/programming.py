"""Which programming language a piece of code is written in."""

import re
from collections import Counter
from typing import Final

from featdisc_assets.surface.view import TextView

# A name in words, and the fence tags that stand for it.
_TAGS: Final = """
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
_LANGUAGES: Final = {
    tag: name for line in _TAGS.strip().splitlines() for name, tags in [line.split(": ")] for tag in tags.split()
}
# Read in order: the first that fits names the language of an untagged block.
_SIGNS: Final = (
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
    """The programming languages of the fenced blocks, the most frequent first; untagged blocks by their looks."""
    names = Counter[str]()
    for fence in view.fences[:20]:
        tag = _TAG.match(fence)
        name = _LANGUAGES.get(tag[1].lower()) if tag and tag[1] else None
        name = name or next((n for n, sign in _SIGNS if sign.search(fence[:2_000])), None)
        if name:
            names[name] += 1
    if not view.fences and len(view.code_lines) >= 2:
        code = "\n".join(view.code_lines[:60])
        names.update(n for n, sign in _SIGNS[:10] if sign.search(code))
    return [name for name, _ in names.most_common()]
