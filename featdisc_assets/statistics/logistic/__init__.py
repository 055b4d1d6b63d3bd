"""Many logistic regressions on one sparse matrix: fitted together, each tuned by itself."""

from featdisc_assets.statistics.logistic.solver import Design, Flags, Floats, fit, probability
from featdisc_assets.statistics.logistic.tuned import Counts, Fold, Reals, best_threshold, f1

__all__ = ["Counts", "Design", "Flags", "Floats", "Fold", "Reals", "best_threshold", "f1", "fit", "probability"]
