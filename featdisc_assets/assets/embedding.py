"""Features to vectors: by a model on this machine, or by one behind a server, which is paid for each text once."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

import dagster as dg
import numpy as np
import pyarrow as pa
from pydantic import Field

from featdisc_assets import encoders
from featdisc_assets.asking.budget import open_budget
from featdisc_assets.asking.model_calls import AskingConfig, write_ledger
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.encoders.remote import RemoteEncoder, identity, own_price
from featdisc_assets.encoders.server import Manner, Server
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import Home
from featdisc_assets.llm import pricing
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.stages import embedding as stage
from featdisc_assets.tables.vectors import append_vectors
from featdisc_assets.warehouse import Warehouse

# What a killed run may lose, against what a write costs: the last rows of the table are written once more each time.
TEXTS_A_WRITE = 16_384
# Servers may need minutes for them, and people wait for the next line of the log.
TEXTS_A_WRITE_OF_A_SERVER = 4_096


class EncoderConfig(AskingConfig):
    """How feature texts become vectors; the knobs of asking are for models behind a server."""

    without_effect: ClassVar[frozenset[str]] = AskingConfig.without_effect | {
        "api_base",
        "price_in",
        "texts_a_request",
    }

    encoder: str = Field(
        default=encoders.BUNDLED,
        description="A sentence-transformers model or folder; the default comes with the package, without a download."
        " Or litellm/ and any litellm embedding model, as in litellm/openai/text-embedding-3-small, with its key in the"
        " environment.",
    )
    backend: str = Field(
        default="auto",
        pattern="^(auto|openvino|torch)$",
        description="What computes a model on this machine: openvino, torch, or auto, which takes the faster one.",
    )
    precision: str = Field(
        default="auto",
        pattern="^(auto|bf16|fp32)$",
        description="bf16, fp32, or auto: bf16 where the processor has it (cosine to fp32 0.9999 on short phrases).",
    )
    dimensions: int = Field(
        default=0,
        ge=0,
        description="Width of the vectors to ask a litellm model for, where it offers several; 0 takes its own.",
    )
    api_base: str = Field(default="", description="Address of your own server of a litellm model; empty for none.")
    price_in: float | None = Field(
        default=None,
        ge=0,
        description="Dollars per million tokens sent, for a litellm model that litellm has no price of. None takes"
        " litellm's.",
    )
    texts_a_request: int = Field(
        default=96,
        ge=1,
        le=2048,
        description="Texts in one request to a litellm model, at most. Cohere takes 96, Gemini 100, OpenAI 2,048.",
    )

    def server(self) -> Server:
        """Whom to ask, where the encoder is a litellm model.

        Raises:
            FeatdiscError: If the encoder is one of this machine and a setting is given that only a server obeys.
        """
        if not encoders.is_remote(self.encoder) and (self.dimensions or self.api_base):
            raise FeatdiscError(
                f"embeddings.encoder is {self.encoder!r}, a model on this machine, which takes neither dimensions nor"
                f" api_base; leave them out, or write {encoders.REMOTE}openai/… for a model behind a server."
            )
        model = self.encoder.removeprefix(encoders.REMOTE)
        return Server(model, self.dimensions or None, self.api_base or None, own_price(self.price_in))


@dg.asset(
    group_name="clusters",
    kinds={"duckdb", "huggingface"},
    deps=["vocabulary"],
    code_version=code_version(EncoderConfig, encoders, stage),
)
def embeddings(
    context: dg.AssetExecutionContext, config: EncoderConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One unit vector per feature and encoder; only features without one are encoded."""
    db = warehouse.open()
    with _encoder(db, config, home.home) as model:
        missing = db.read(TEXTS_WITHOUT_VECTOR, [model.identity])
        texts, ids = missing["text"].to_pylist(), missing["feature_ids"].combine_chunks()
        done, started = 0, time.monotonic()
        chunk_size = TEXTS_A_WRITE_OF_A_SERVER if isinstance(model, RemoteEncoder) else TEXTS_A_WRITE
        for chunk in stage.chunks_by_length(texts, chunk_size=chunk_size):
            _write(db, model, ids.take(pa.array(chunk)), [texts[i] for i in chunk])
            done += len(chunk)
            rate = done / (time.monotonic() - started)
            context.log.info(f"{done:,} of {len(texts):,} feature texts encoded, {rate:,.0f} a second{_bill(model)}")
        _make_current(db, model.identity, config)
    figures = {"encoded now": len(texts), "encoder": model.identity}
    return materialized(context, db, "embeddings", figures=figures | _shortcomings(context, model))


@contextmanager
def _encoder(db: Warehouse, config: EncoderConfig, home: Home) -> Iterator[encoders.Encoder]:
    """The encoder of the settings; the warehouse's ledger knows afterwards what it cost."""
    server = config.server()
    if not encoders.is_remote(config.encoder):
        yield encoders.load(config.encoder, backend=config.backend, precision=config.precision)
        return
    plan = next(iter(read_plans(db)), None)
    with AnswerStore(home.answers) as store:
        prices = {server.model: server.price} | ({} if plan is None else {plan.model: plan.params.price})
        budget = open_budget(None if plan is None else plan.budget_usd, db, store, prices)
        manner = Manner(config.limits(), config.max_attempts, config.timeout_s, config.texts_a_request)
        try:
            yield RemoteEncoder(
                _of_known_width(db, server),
                home.answers,
                manner=manner,
                budget=budget,
                retry_failed=config.retry_failed,
            )
        finally:
            # Cancelled or broken off, the ledger still tells what was paid.
            write_ledger(db, store)


def _of_known_width(db: Warehouse, server: Server) -> Server:
    name = identity(server.model, server.dimensions)
    return replace(server, width=db.scalar("select dimension from encoders where encoder = $1", [name]))


TEXTS_WITHOUT_VECTOR = """
select text, list(feature_id order by feature_id) as feature_ids
from vocabulary
anti join (from embeddings where encoder = $1) as known using (feature_id)
group by text
order by text
"""


def still_to_pay(db: Warehouse, server: Server, *, answer_tokens: int) -> tuple[int, float | None]:
    """What vectors of a server's model will take: of features that have none, and of those that answers will bring.

    Args:
        db: The home's warehouse.
        server: ModelChoice the vectors are from.
        answer_tokens: How long the answers are that are still to come; their features are hardly shorter.

    Returns:
        Tokens, roughly, and dollars; None where nobody knows the price.
    """
    missing = db.read(TEXTS_WITHOUT_VECTOR, [identity(server.model, server.dimensions)])["text"]
    tokens = sum(map(pricing.count_tokens, missing.to_pylist())) + answer_tokens
    price = pricing.price(server.model, server.price)
    return tokens, None if price is None else price.of(tokens, 0)


def _write(db: Warehouse, model: encoders.Encoder, ids: pa.ListArray, texts: Sequence[str]) -> None:
    """Encode one chunk of texts and write what has a vector."""
    if not isinstance(model, RemoteEncoder):
        append_vectors(db, model.identity, ids, model.encode(list(texts)))
        return
    vectors = model.encode_most(texts)
    [there] = np.nonzero(vectors.any(axis=1))
    if len(there):
        append_vectors(db, model.identity, ids.take(pa.array(there)), vectors[there])
    model.forget(texts)


def _make_current(db: Warehouse, encoder: str, config: EncoderConfig) -> None:
    """Have the home use this encoder's vectors, and know where further texts are to be sent."""
    with db.transaction() as connection:
        connection.execute("update encoders set is_current = (encoder = $1)", [encoder])
        connection.execute(
            "update encoders set api_base = $2, price_in = $3 where encoder = $1",
            [encoder, config.api_base or None, config.price_in],
        )


def _bill(model: encoders.Encoder) -> str:
    if not isinstance(model, RemoteEncoder):
        return ""
    cost = f", ${model.known.cost_usd:,.4f}" if model.known.cost_usd else ""
    return f" · {model.known.tokens:,} tokens{cost}"


def _shortcomings(context: dg.AssetExecutionContext, model: encoders.Encoder) -> dict[str, int]:
    """How many texts have no vector; the log says why."""
    if not isinstance(model, RemoteEncoder):
        return {}
    if model.failures:
        reasons = Counter(why.status for why in model.failures.values())
        said = ", ".join(f"{count:,} {status}" for status, count in reasons.most_common())
        context.log.warning(
            f"{len(model.failures):,} feature texts have no vector and take no part in clusters: {said};"
            " the check every_feature_is_embedded lists them"
        )
    return {"without a vector": len(model.failures), "tokens": model.known.tokens}
