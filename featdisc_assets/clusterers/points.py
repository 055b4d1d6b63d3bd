"""What is clustered: vectors, and what must stay apart whatever they say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featdisc_assets.clusterers.polarity import Signs, senses, stances
from featdisc_assets.clusterers.space import Labels, Vectors


@dataclass(frozen=True, slots=True)
class Points:
    """Features to be clustered.

    Attributes:
        vectors: float32[n, d], unit rows.
        senses: int8[n]; features of two senses never share a cluster.
        stances: int8[n, a]; nor do opposite signs on one axis.
    """

    vectors: Vectors
    senses: Signs
    stances: Signs

    @classmethod
    def of(cls, vectors: Vectors, texts: Sequence[str]) -> "Points":
        """Points that stay apart where their texts say opposite things."""
        return cls(vectors, senses(texts), stances(texts))

    @classmethod
    def unsigned(cls, vectors: Vectors) -> "Points":
        """Points whose vectors alone decide."""
        return cls(vectors, np.zeros(len(vectors), np.int8), np.zeros((len(vectors), 0), np.int8))

    def rows(self, rows: Labels) -> "Points":
        """Some of them."""
        return Points(self.vectors[rows], self.senses[rows], self.stances[rows])
