"""How well clusters match known classes."""

import numpy as np
import numpy.typing as npt

from featdisc_assets.clusterers.space import Labels

Table = npt.NDArray[np.float64]


def contingency(rows: Labels, columns: Labels, n_rows: int, n_columns: int) -> Table:
    """float64[n_rows, n_columns]: counts of label pairs; negative labels are left out."""
    both = (rows >= 0) & (columns >= 0)
    table = np.zeros((n_rows, n_columns))
    np.add.at(table, (rows[both], columns[both]), 1)
    return table


def best_f1(classes: Labels, labels: Labels) -> npt.NDArray[np.float64]:
    """F1 of the best cluster for each class; what is in no class counts in the size of its cluster.

    Args:
        classes: int64[n], the class of each item, 0 or more; negative for none.
        labels: int64[n], the cluster of each item, 0 or more; negative for none.
    """
    total, sizes = np.bincount(classes[classes >= 0]), np.bincount(labels[labels >= 0])
    table = contingency(classes, labels, len(total), len(sizes))
    found: npt.NDArray[np.float64] = (2 * table / np.maximum(sizes + total[:, None], 1)).max(axis=1)
    return found
