"""surface/v1: the built-in rater, by plain rules over the text; no key, no network, no model.

It answers every question the autorater is asked (features of a piece, names of clusters and of themes, interest of
clusters, and those of the opt-in checks), and so doubles as the baseline: what would plain rules have found?
"""

from featdisc_assets.surface.checking import codebook, judge, verify
from featdisc_assets.surface.naming import name
from featdisc_assets.surface.parents import name_parent
from featdisc_assets.surface.quoting import quoted
from featdisc_assets.surface.registry import rate
from featdisc_assets.surface.scoring import interest

__all__ = ["codebook", "interest", "judge", "name", "name_parent", "quoted", "rate", "verify"]
