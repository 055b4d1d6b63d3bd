"""Replace personal data and secrets in texts by placeholders."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import phonenumbers
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from stdnum import iban, luhn
from stdnum.us import ssn

from featdisc_assets.transcript import ALL_KINDS, Dropped, Kind, Transcript, Turn

# National phone numbers are parsed for this region; numbers that begin with + are international.
REGION = "US"

# The common part of RFC 5322; the libraries in use validate an address but do not find it in running text.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}(?!\w)")
_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# Keys of model providers that the library's list does not have.
_MODEL_KEY = re.compile(
    r"(?<![\w-])(?:sk-[A-Za-z0-9_-]{20,}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,}|github_pat_\w{40,}|gsk_\w{40,}|xai-\w{40,})"
)
_PHONE_HINT = re.compile(r"\+?\(?\d[\d\s().-]{5,}\d")
# A cheap test before the library's patterns: each contains one of these.
_SECRET_HINT = re.compile(r"[A-Za-z0-9+/=_-]{16}|\d\.\d|://[^/\s]*@|AKC|AP[\dA-F]|sl[_-]|PRIVATE KEY")
# The library's detector skips private networks.
_ADDRESS_TYPE = "Public IP (ipv4)"


class SensitiveSpan(NamedTuple):
    """A span of text to replace, and the label of its placeholder."""

    start: int
    end: int
    label: str


class Redactor:
    """Finds e-mail addresses, phone numbers, cards, IBANs, social security numbers, public IP addresses and keys.

    Names and street addresses are not found: they need a language model, which is slow and makes errors of both kinds.
    """

    def __init__(self, region: str = REGION) -> None:
        self.region = region
        self.secrets: list[tuple[str, re.Pattern[str]]] = []
        plugins: dict[str, Any] = get_mapping_from_secret_type_to_class()
        for name, plugin in sorted(plugins.items()):
            if issubclass(plugin, RegexBasedDetector) and name != "Private Key":
                what = "ip_address" if name == _ADDRESS_TYPE else "secret"
                self.secrets += [(what, pattern) for pattern in plugin().denylist]

    def redact(self, transcript: Transcript) -> Transcript:
        """Replace every span in all texts, and count them in `dropped` as `redacted:LABEL`."""
        counted: dict[tuple[Kind, str], list[int]] = {}
        added = 0
        turns: list[Turn] = []
        for turn in transcript.turns:
            fresh: dict[str, str] = {}
            for kind in ALL_KINDS:
                text = getattr(turn, kind)
                found = self.find(text) if text else []
                if not found:
                    continue
                for span in found:
                    entry = counted.setdefault((kind, span.label), [0, 0])
                    entry[0] += 1
                    entry[1] += span.end - span.start
                    added += len(span.label) + 2
                fresh[kind] = _replace_spans(text, found)
            turns.append(replace(turn, **fresh) if fresh else turn)  # type: ignore[arg-type]
        if not counted:
            return transcript
        dropped = [
            Dropped(kind, f"redacted:{what}", n, n_chars) for (kind, what), (n, n_chars) in sorted(counted.items())
        ]
        return replace(
            transcript,
            turns=tuple(turns),
            dropped=(*transcript.dropped, *dropped),
            chars_added=transcript.chars_added + added,
        )

    def find(self, text: str) -> list[SensitiveSpan]:
        """The sensitive spans of a text, in order; overlapping ones are merged under the first label."""
        found = sorted(self._candidates(text), key=lambda span: (span.start, -span.end))
        kept: list[SensitiveSpan] = []
        for span in found:
            if not kept or span.start >= kept[-1].end:
                kept.append(span)
            elif span.end > kept[-1].end:
                kept[-1] = kept[-1]._replace(end=span.end)
        return kept

    def _candidates(self, text: str) -> Iterator[SensitiveSpan]:
        if "@" in text:
            yield from (SensitiveSpan(*match.span(), "email") for match in _EMAIL.finditer(text))
        if "PRIVATE KEY" in text:
            yield from (SensitiveSpan(*match.span(), "secret") for match in _PRIVATE_KEY.finditer(text))
        yield from (SensitiveSpan(*match.span(), "secret") for match in _MODEL_KEY.finditer(text))
        for what, pattern in self.secrets if _SECRET_HINT.search(text) else ():
            yield from (SensitiveSpan(*match.span(), what) for match in pattern.finditer(text))
        if _PHONE_HINT.search(text):
            yield from self._numbers(text)
        yield from (
            SensitiveSpan(*match.span(), "iban")
            for match in _IBAN.finditer(text)
            if iban.is_valid(match[0].replace(" ", ""))
        )

    def _numbers(self, text: str) -> Iterator[SensitiveSpan]:
        for match in _CARD.finditer(text):
            if luhn.is_valid(re.sub(r"[ -]", "", match[0])):
                yield SensitiveSpan(*match.span(), "card_number")
        for match in _SSN.finditer(text):
            if ssn.is_valid(match[0]):
                yield SensitiveSpan(*match.span(), "social_security_number")
        for number in phonenumbers.PhoneNumberMatcher(text, self.region, max_tries=1_000):
            yield SensitiveSpan(number.start, number.end, "phone_number")


def _replace_spans(text: str, found: list[SensitiveSpan]) -> str:
    parts: list[str] = []
    done = 0
    for span in found:
        parts += (text[done : span.start], f"[{span.label}]")
        done = span.end
    return "".join((*parts, text[done:]))
