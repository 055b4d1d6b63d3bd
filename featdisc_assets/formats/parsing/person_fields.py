"""Fields of personal data: they are dropped, and a salted hash identifies a person instead."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from featdisc_assets.formats.parsing.character_account import CharacterAccount

# Field names of chat logs (WildChat's first).
PERSONAL_FIELDS = frozenset(
    {
        *("hashed_ip", "country", "state", "header", "ip", "ip_address", "client_ip", "remote_addr", "user_agent"),
        *("city", "region", "geo", "latitude", "longitude", "email", "user_email", "phone", "username"),
        *("user_name", "full_name", "account_email", "device_id", "headers", "cookies"),
    }
)
# The first of these that a row has is hashed to identify its person.
PERSON_FIELDS = ("hashed_ip", "user_id", "ip", "ip_address", "user_email", "email", "username", "device_id")


def person_hash(record: Mapping[str, Any], salt: bytes) -> str | None:
    """A pseudonym for the author: a keyed hash of the first identifying field.

    Args:
        record: a row, or one of its messages.
        salt: this home's secret, so that pseudonyms of two homes cannot be compared.

    Returns:
        `person-` and 16 hex digits, or None if the record has no identifying field.
    """
    for name in PERSON_FIELDS:
        value = record.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            digest = blake2b(str(value).encode("utf-8", "replace"), digest_size=8, key=salt[:64])
            return f"person-{digest.hexdigest()}"
    return None


def drop_personal(message: Mapping[str, Any], account: CharacterAccount) -> None:
    """Drop a message's personal fields."""
    for name in PERSONAL_FIELDS & message.keys():
        if message[name] is not None:
            account.drop_value("personal_data", {name: message[name]})
