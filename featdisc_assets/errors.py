"""Errors that are shown to the user as one sentence, without a traceback."""


class FeatdiscError(Exception):
    """An error that the user can fix; its message names the value, the limit and the remedy."""
