"""Many logistic regressions on one sparse matrix at once: L2 penalty, intercept free of it.

Every target shares the matrix, so its products with a block of targets read it once for all of them, and a step along a
direction needs no further product. Each target has its own direction, step and stopping point.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
# Past moves a direction is made of; more cost memory and hardly save an iteration.
MEMORY = 6


class Design:
    """A sparse matrix (units x features) and its transpose, both by rows, in float32."""

    def __init__(self, x: sparse.csr_matrix) -> None:
        self.x = sparse.csr_matrix(x, dtype=np.float32)
        self.transposed = self.x.T.tocsr()
        self.square_sums = np.asarray(self.x.multiply(self.x).sum(axis=0), np.float32).ravel()

    def scores(self, weights: Floats) -> Floats:
        """The linear scores of every unit: the last row of `weights` holds the intercepts."""
        found: Floats = self.x @ np.ascontiguousarray(weights[:-1])
        found += weights[-1]
        return found


def probability(scores: Floats) -> Floats:
    """The logistic function, in place."""
    np.negative(scores, out=scores)
    np.minimum(scores, 80.0, out=scores)
    np.exp(scores, out=scores)
    scores += 1.0
    np.reciprocal(scores, out=scores)
    return scores


def fit(
    design: Design,
    target: Flags,
    c: Floats,
    *,
    start: Floats | None = None,
    tolerance: float = 1e-2,
    max_iterations: int = 100,
) -> Floats:
    """Minimise the log-loss summed over units plus the squared weights over 2 c, for each target by itself.

    L-BFGS (Nocedal 1980) on variables scaled by the curvature at the start; the objective is convex, so a step is good
    when the slope along it has not turned, and one past the turn is cut back by the secant.

    Args:
        design: Units x features.
        target: Units x targets.
        c: Inverse strength of the penalty, one a target, as in scikit-learn.
        start: Weights to start from, features + 1 by targets; None starts from the base rates.
        tolerance: A target is done when its scaled gradient is this small beside the first one.
        max_iterations: Most moves.
    """
    n, k = target.shape
    rate = np.clip(target.mean(axis=0, dtype=np.float64), 0.5 / n, 1 - 0.5 / n).astype(np.float32)
    origin = np.zeros((design.x.shape[1] + 1, k), np.float32)
    origin[-1] = np.log(rate / (1 - rate))
    weights = origin.copy() if start is None else start.copy()
    curvature = rate * (1 - rate)
    scale = np.empty_like(weights)
    scale[:-1] = 1 / (design.square_sums[:, None] * curvature + 1 / c)
    scale[-1] = 1 / (n * curvature)
    rows, columns = np.nonzero(target)
    penalty = (1 / c).astype(np.float32)

    def gradient(scores: Floats, at: Floats) -> tuple[Floats, Floats]:
        error = probability(scores.copy())
        error[rows, columns] -= 1
        found = np.empty_like(at)
        found[:-1] = design.transposed @ error
        found[:-1] += at[:-1] * penalty
        found[-1] = error.sum(axis=0)
        return found, error

    scores = design.scores(weights)
    slope, _ = gradient(scores, weights)
    at_origin = slope if start is None else gradient(design.scores(origin), origin)[0]
    first = _size(at_origin, scale)
    past: list[tuple[Floats, Floats, Floats]] = []
    for _ in range(max_iterations):
        active = _size(slope, scale) > tolerance * first
        if not active.any():
            break
        move = _direction(slope, scale, past) * active
        along = design.scores(move)
        step = _step(scores, along, weights, move, slope, rows, columns, penalty)
        move *= step
        along *= step
        weights += move
        scores += along
        new, _ = gradient(scores, weights)
        change = new - slope
        product = np.einsum("ij,ij->j", move, change)
        past = [*past[-MEMORY + 1 :], (move, change, np.where(product > 1e-12, 1 / np.maximum(product, 1e-12), 0))]
        slope = new
    return weights


def _size(slope: Floats, scale: Floats) -> Floats:
    size: Floats = np.sqrt(np.einsum("ij,ij,ij->j", slope, slope, scale))
    return size


def _direction(slope: Floats, scale: Floats, past: list[tuple[Floats, Floats, Floats]]) -> Floats:
    """The two loops of L-BFGS, each target with its own products."""
    q = slope.copy()
    shares = []
    for move, change, inverse in reversed(past):
        share = inverse * np.einsum("ij,ij->j", move, q)
        q -= change * share
        shares.append(share)
    q *= scale
    if past:
        move, change, inverse = past[-1]
        bent = np.einsum("ij,ij,ij->j", change, change, scale)
        known = (inverse > 0) & (bent > 0)
        q *= np.where(known, 1 / np.maximum(inverse * bent, 1e-30), 1.0)
    for (move, change, inverse), share in zip(past, reversed(shares), strict=True):
        q += move * (share - inverse * np.einsum("ij,ij->j", change, q))
    return np.negative(q, out=q)


def _step(
    scores: Floats,
    along: Floats,
    weights: Floats,
    move: Floats,
    slope: Floats,
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    penalty: Floats,
) -> Floats:
    """How far to go, for each target: the whole move, or back to where the slope along it turns."""
    before = np.einsum("ij,ij->j", move, slope)
    bend = np.einsum("ij,ij->j", move[:-1], move[:-1]) * penalty
    tilt = np.einsum("ij,ij->j", move[:-1], weights[:-1]) * penalty
    # What the positives take from the slope along the move does not change with the step.
    positives = np.zeros(move.shape[1], np.float32)
    np.add.at(positives, columns, along[rows, columns])
    step = np.ones(move.shape[1], np.float32)
    for _ in range(6):
        error = probability(scores + along * step)
        after = np.einsum("ij,ij->j", error, along) - positives + tilt + step * bend
        too_far = after > 0.5 * np.abs(before)
        if not too_far.any():
            break
        cut = step * np.clip(-before / np.maximum(after - before, 1e-30), 0.1, 0.9)
        step = np.where(too_far, cut, step).astype(np.float32)
    return step
