"""What to do about requests that ended without an answer."""

from featdisc_assets.llm import faults

_REMEDIES = {
    "truncated": "run again with retry_failed, or raise {asset}.max_tokens, which asks for all of them again",
    "invalid": "run again with retry_failed, or choose a model that writes better JSON",
    "refused": "another model may answer; retry_failed asks this one again",
    "content_filter": "relax the provider's filter or choose another one, then run with retry_failed",
    "context_length": "lower {asset}.{length}, or choose a model with a larger context",
    "rejected": "fix the settings that the error names, then run with retry_failed",
}
# The setting of each asset that makes its requests long.
_LENGTHS = {"rating_plan": "max_piece_tokens", "cluster_names": "sample_size", "parent_names": "most_children"}


def remedy(status: str, asset: str = "rating_plan") -> str:
    """What to do about requests with this status: a clause without a full stop.

    Args:
        status: A status of `llm.faults` without an answer.
        asset: The asset whose settings to change.
    """
    if status in faults.PASSING:
        return "run again: only temporary failures are retried"
    return _REMEDIES.get(status, "see the error").format(asset=asset, length=_LENGTHS[asset])
