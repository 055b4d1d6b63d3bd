"""Checks of a transcript's account of characters."""

from featdisc_assets.transcript import Transcript

# Reasons that occur in nearly every row.
ORDINARY = ("structure", "identifier", "metadata")


def drops(transcript: Transcript) -> dict[str, int]:
    """How many times text was dropped, by reason, without the ordinary reasons."""
    found: dict[str, int] = {}
    for entry in transcript.dropped:
        if entry.reason not in ORDINARY:
            found[entry.reason] = found.get(entry.reason, 0) + entry.n
    return found


def is_balanced(transcript: Transcript) -> bool:
    """Whether every character of the row is in a turn or in `dropped`."""
    kept = sum(len(turn.user) + len(turn.thought) + len(turn.response) + len(turn.tool) for turn in transcript.turns)
    gone = sum(entry.n_chars for entry in transcript.dropped)
    return transcript.chars_in + transcript.chars_added == kept + gone and all(
        entry.n >= 0 and entry.n_chars >= 0 for entry in transcript.dropped
    )
