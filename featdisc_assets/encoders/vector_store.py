"""The vector store: paid vectors by text, in the answer store's file, written as they come.

Vectors of features are deleted here after the warehouse has them; those of other texts (labels, queries) stay, so that
they are not paid again. A text that the server refused for good is stored too, with the reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from featdisc_assets.llm.answer_store import AnswerStore, Attempt, insert, select_in

_TABLE = """
create table if not exists vectors (
    encoder text not null, text_hash blob not null, vector blob, status text, error text, unique (encoder, text_hash)
)
"""
_PUT = "insert or replace into vectors values (?, ?, ?, ?, ?)"
_FIND = "select text_hash, vector, status, error from vectors where encoder = ? and text_hash in ({marks})"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a text has no vector: a status of `llm.faults`, and the cause in a line."""

    status: str
    error: str


class VectorStore:
    """The vectors of one encoder.

    Args:
        store: The home's answers, whose file also holds the vectors.
        encoder: The encoder's identity.
    """

    def __init__(self, store: AnswerStore, encoder: str) -> None:
        self._store, self._encoder = store, encoder
        with store.transaction() as connection:
            connection.execute(_TABLE)

    def find(self, texts: Sequence[str]) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, Failure]]:
        """Stored vectors by text, and stored failures by text."""
        vectors: dict[str, npt.NDArray[np.float32]] = {}
        failures: dict[str, Failure] = {}
        of_hash = {_hash(text): text for text in texts}
        with self._store.transaction() as connection:
            for key, vector, status, error in select_in(connection, _FIND, list(of_hash), self._encoder):
                if vector is None:
                    failures[of_hash[key]] = Failure(status, error)
                else:
                    vectors[of_hash[key]] = np.frombuffer(vector, np.float32)
        return vectors, failures

    def put(self, attempt: Attempt, texts: Sequence[str], vectors: npt.NDArray[np.float32] | None) -> None:
        """Store a request's ledger row and its vectors, if any, in one transaction."""
        with self._store.transaction() as connection:
            insert(connection, attempt)
            if vectors is not None:
                rows = zip(texts, vectors, strict=True)
                connection.executemany(_PUT, ((self._encoder, _hash(t), v.tobytes(), None, None) for t, v in rows))

    def put_failures(self, failures: Iterable[tuple[str, Failure]]) -> None:
        """Store why texts have no vector."""
        with self._store.transaction() as connection:
            connection.executemany(
                _PUT, ((self._encoder, _hash(text), None, why.status, why.error) for text, why in failures)
            )

    def forget(self, texts: Iterable[str]) -> None:
        """Delete the vectors of texts that have been written elsewhere; failures stay."""
        with self._store.transaction() as connection:
            connection.executemany(
                "delete from vectors where encoder = ? and text_hash = ? and vector is not null",
                ((self._encoder, _hash(text)) for text in texts),
            )


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
