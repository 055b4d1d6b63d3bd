"""What a person can do about requests that ended without an answer."""

from featdisc_assets.llm import faults

_REMEDIES = {
    "truncated": "run once more with retry_failed, or raise {asset}.max_tokens, which asks all of them anew",
    "invalid": "run once more with retry_failed, or choose a model that writes better JSON",
    "refused": "another model may answer; with retry_failed this one is asked once more",
    "content_filter": "relax the provider's filter or choose another one, then run with retry_failed",
    "context_length": "lower {asset}.{length}, or choose a model with a larger context",
    "rejected": "mend the settings that the error names, then run with retry_failed",
}
# What makes a request of an asset long.
_LENGTHS = {"rating_plan": "max_piece_tokens", "cluster_names": "sample_size", "parent_names": "most_children"}


def remedy(status: str, asset: str = "rating_plan") -> str:
    """What to do about requests that ended so: a clause without a full stop.

    Args:
        status: One of the statuses of `llm.faults` that come without an answer.
        asset: Whose settings are the remedy.
    """
    if status in faults.PASSING:
        return "run again: what failed for a passing reason is asked again, and nothing else"
    return _REMEDIES.get(status, "see the error").format(asset=asset, length=_LENGTHS[asset])
