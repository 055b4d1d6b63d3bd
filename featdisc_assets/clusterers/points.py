"""The input of clustering: vectors, and signs that keep opposites apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featdisc_assets.clusterers.polarity import Signs, senses, stances
from featdisc_assets.clusterers.space import Labels, Vectors


@dataclass(frozen=True, slots=True)
class Points:
    """Features to cluster.

    Attributes:
        vectors: float32[n, d], unit rows.
        senses: int8[n]; features of two senses never share a cluster.
        stances: int8[n, a]; features with opposite signs on an axis never share a cluster.
    """

    vectors: Vectors
    senses: Signs
    stances: Signs

    @classmethod
    def of(cls, vectors: Vectors, texts: Sequence[str]) -> "Points":
        """Points that stay apart where their texts have opposite senses."""
        return cls(vectors, senses(texts), stances(texts))

    @classmethod
    def unsigned(cls, vectors: Vectors) -> "Points":
        """Points without signs: only vectors decide."""
        return cls(vectors, np.zeros(len(vectors), np.int8), np.zeros((len(vectors), 0), np.int8))

    def rows(self, rows: Labels) -> "Points":
        """The points of some rows."""
        return Points(self.vectors[rows], self.senses[rows], self.stances[rows])
