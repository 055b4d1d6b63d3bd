"""What a row says of a person: it goes nowhere, and only a salted hash tells one person from another."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from featdisc_assets.formats.parsing.character_account import CharacterAccount

# Of the people who wrote, as chat logs name it (WildChat's first).
PERSONAL_FIELDS = frozenset(
    {
        *("hashed_ip", "country", "state", "header", "ip", "ip_address", "client_ip", "remote_addr", "user_agent"),
        *("city", "region", "geo", "latitude", "longitude", "email", "user_email", "phone", "username"),
        *("user_name", "full_name", "account_email", "device_id", "headers", "cookies"),
    }
)
# Of these the first a row has tells its people apart, once hashed.
PERSON_FIELDS = ("hashed_ip", "user_id", "ip", "ip_address", "user_email", "email", "username", "device_id")


def person_hash(record: Mapping[str, Any], salt: bytes) -> str | None:
    """A name for whoever wrote, that leads back to nobody: a keyed hash of what the record knows them by.

    Args:
        record: a row, or one of its messages.
        salt: this home's own secret, so that two homes' names cannot be compared.

    Returns:
        `person-` and 16 hex digits, or None where the record knows nobody.
    """
    for name in PERSON_FIELDS:
        value = record.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            digest = blake2b(str(value).encode("utf-8", "replace"), digest_size=8, key=salt[:64])
            return f"person-{digest.hexdigest()}"
    return None


def drop_personal(message: Mapping[str, Any], account: CharacterAccount) -> None:
    """Let a message's personal fields go."""
    for name in PERSONAL_FIELDS & message.keys():
        if message[name] is not None:
            account.drop_value("personal_data", {name: message[name]})
