"""surface/v1: the built-in rater. Rules over the text; needs no key, no network and no model.

It answers every question that the autorater is asked, and so is a baseline: what do rules find?
"""

from featdisc_assets.surface.interest import score_interest
from featdisc_assets.surface.naming import judge, name_cluster, name_parent
from featdisc_assets.surface.rating import apply_codebook, rate, rate_with_quotes, verify

__all__ = [
    "apply_codebook",
    "judge",
    "name_cluster",
    "name_parent",
    "rate",
    "rate_with_quotes",
    "score_interest",
    "verify",
]
