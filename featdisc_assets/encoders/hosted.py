"""Embedding models behind an API, through litellm."""

import os

import numpy as np
import numpy.typing as npt

from featdisc_assets.encoders.bundled import EncoderError

# Providers take 2,048 texts or fewer a call, some no more than 100.
TEXTS_A_CALL = 96
RETRIES = 5


class HostedEncoder:
    """Any litellm embedding model; its key stands in the environment.

    Calls go one after another: an embedding call of 96 short phrases costs some 1,000 tokens. They pass neither the
    gate nor the budget, which are those of chat models.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.identity = f"litellm:{model}"

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """A unit row a text.

        Raises:
            EncoderError: The provider refused, or answered with another number of vectors than texts.
        """
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
        import litellm  # noqa: PLC0415 - costs seconds, and is rarely needed

        rows: list[list[float]] = []
        for start in range(0, len(texts), TEXTS_A_CALL):
            batch = texts[start : start + TEXTS_A_CALL]
            try:
                answer = litellm.embedding(model=self.model, input=batch, num_retries=RETRIES)
            except Exception as error:  # litellm's own hierarchy is as wide as its providers
                raise EncoderError(
                    f"The embedding model {self.model} did not answer ({str(error).splitlines()[0][:200]}); check its"
                    " name and key and run again: vectors that were written are kept."
                ) from error
            found = sorted(answer.data, key=lambda item: item["index"])
            if len(found) != len(batch):
                raise EncoderError(
                    f"The embedding model {self.model} gave {len(found)} vectors for {len(batch)} texts; choose another"
                    " in embeddings.encoder."
                )
            rows += [item["embedding"] for item in found]
        matrix = np.array(rows, np.float32)
        unit: npt.NDArray[np.float32] = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
        return unit
