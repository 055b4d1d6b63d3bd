"""Features that repeat another feature of the same piece, or an example of the prompt."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]

# Texts per block: some 60 MB of vectors.
_BLOCK = 2_048


def repeats_within(
    vectors: Matrix, text: Ints, feature: Ints, *, similarity: float
) -> tuple[Ints, Ints, npt.NDArray[np.float32]]:
    """Mentions that nearly repeat an earlier mention of the same text.

    Args:
        vectors: One unit vector a feature.
        text: Of each mention the text it describes, as numbers that do not fall; mentions of a text in their order.
        feature: Of each mention its row in `vectors`.
        similarity: The least cosine that counts as nearly the same.

    Returns:
        The positions of such mentions, of the earlier mention that each is most like, and the cosines.
    """
    _, start, count = np.unique(text, return_index=True, return_counts=True)
    later, earlier, cosine = [], [], []
    for at in range(0, len(start), _BLOCK):
        first, n = start[at : at + _BLOCK], count[at : at + _BLOCK]
        width = int(n.max())
        place = np.minimum(first[:, None] + np.arange(width), len(feature) - 1)
        there = np.arange(width) < n[:, None]
        block = vectors[feature[place]]
        cosines = block @ block.transpose(0, 2, 1)
        # Each mention is compared with those before it alone.
        cosines[~(there[:, :, None] & there[:, None, :] & np.tri(width, k=-1, dtype=bool))] = -2
        best = cosines.argmax(axis=2)
        value = np.take_along_axis(cosines, best[:, :, None], axis=2)[:, :, 0]
        rows, columns = np.nonzero(value >= similarity)
        later.append(place[rows, columns])
        earlier.append(place[rows, best[rows, columns]])
        cosine.append(value[rows, columns])
    if not later:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    return np.concatenate(later), np.concatenate(earlier), np.concatenate(cosine)


def echoes(vectors: Matrix, examples: Matrix, *, similarity: float) -> tuple[Ints, Ints, npt.NDArray[np.float32]]:
    """Features that are close to an example: their rows, the example each is closest to, and the cosine.

    Args:
        vectors: One unit vector a feature.
        examples: One unit vector an example.
        similarity: The least cosine that counts as close.
    """
    if not len(vectors) or not len(examples):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    cosines = vectors @ examples.T
    nearest = cosines.argmax(axis=1)
    value = cosines[np.arange(len(cosines)), nearest]
    found = np.flatnonzero(value >= similarity)
    return found, nearest[found], value[found]
