"""The errors a person is meant to read: one sentence each, without a traceback."""


class FeatdiscError(Exception):
    """Something the user can mend; its text names the value, the limit and the remedy."""
