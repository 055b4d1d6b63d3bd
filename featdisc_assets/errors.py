"""The base class of errors that are shown without a traceback."""


class FeatdiscError(Exception):
    """An error that the user can fix; its message names the value, the limit and the remedy in one sentence."""
