"""What is redacted, what is not, and how it is counted."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featdisc_assets.formats import Reading, read
from featdisc_assets.formats.parsing.redaction import Redactor
from featdisc_assets.transcript import Transcript, Turn
from tests.formats.accounts import drops, is_balanced

REDACTOR = Redactor()
FOUND = {
    "jane.doe+x@mail.example.co.uk": "email",
    "(212) 555-2368": "phone_number",
    "+44 20 7946 0958": "phone_number",
    "4111 1111 1111 1111": "card_number",
    "DE89 3704 0044 0532 0130 00": "iban",
    "536-90-4399": "social_security_number",
    "8.8.8.8": "ip_address",
    "AKIA" + "IOSFODNN7EXAMPLE": "secret",
    "ghp_" + "a1B2" * 9: "secret",
    "sk-" + "proj-" + "a1B2" * 8: "secret",
    "hf_" + "aB" * 17: "secret",
}
LEFT = ("2024-05-20", "1234567890123", "192.168.0.1", "x @ y", "room 555", "3.14159", "a@b", "1 2 3 4 5 6 7 8 9")


@pytest.mark.parametrize(("text", "label"), FOUND.items())
def test_it_is_found_in_a_sentence(text: str, label: str) -> None:
    sentence = f"Take {text}, and go."
    [found] = REDACTOR.find(sentence)
    assert (sentence[found.start : found.end].strip(" ,"), found.label) == (text, label)


@pytest.mark.parametrize("text", LEFT)
def test_it_is_left(text: str) -> None:
    assert REDACTOR.find(f"Take {text}, and go.") == []


def test_every_text_is_scrubbed_and_what_went_is_counted(tmp_path: Path) -> None:
    mail = "a.b@example.com"
    path = tmp_path / "a.jsonl"
    messages = [
        {"role": "user", "content": f"{mail} and {mail}"},
        {"role": "assistant", "content": f"To {mail}.", "reasoning_content": f"Is {mail} his?"},
        {"role": "tool", "content": f"sent to {mail}"},
    ]
    path.write_text(json.dumps({"messages": messages}) + "\n")
    [found] = read(path, reading=Reading(redact=True, tools=True))
    assert isinstance(found, Transcript)
    assert found.turns == (
        Turn("[email] and [email]", "Is [email] his?", "To [email].", "raw", tool="sent to [email]"),
    )
    assert drops(found) == {"redacted:email": 5}
    assert is_balanced(found)
    assert mail not in repr(found)


@given(st.text() | st.lists(st.sampled_from([*FOUND, *LEFT, " ", "x", "-----BEGIN RSA PRIVATE KEY-----"])).map("".join))
def test_findings_are_in_order_and_apart(text: str) -> None:
    found = REDACTOR.find(text)
    ends = [0, *(span.end for span in found)]
    assert all(before <= span.start < span.end for before, span in zip(ends, found, strict=False))
