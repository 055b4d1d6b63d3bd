"""Features to vectors, by a local model or by one behind a server, which is paid once per text."""

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
from featdisc_assets.encoders.adapter import packaged_adapter
from featdisc_assets.encoders.remote import RemoteEncoder, identity, own_price
from featdisc_assets.encoders.server import RequestOptions, Server
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import Home
from featdisc_assets.llm import pricing
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.tokens import count_tokens
from featdisc_assets.stages import embedding as stage
from featdisc_assets.tables.vectors import append_vectors
from featdisc_assets.warehouse import Warehouse

# A killed run loses at most one chunk; each write also rewrites the last rows of the table.
TEXTS_A_WRITE = 16_384
# Servers are slower, and each chunk logs one line.
TEXTS_A_WRITE_OF_A_SERVER = 4_096


class EncoderConfig(AskingConfig):
    """How feature texts are embedded; limits of requests apply to models behind a server."""

    without_effect: ClassVar[frozenset[str]] = AskingConfig.without_effect | {"api_base", "price_in", "texts_a_request"}

    encoder: str = Field(
        default=encoders.BUNDLED,
        description="featdisc/minilm-behaviours or all-MiniLM-L6-v2, which come with the package; an adapter's file; or"
        " a sentence-transformers model or folder. Or litellm/ and any litellm embedding model, such as"
        " litellm/openai/text-embedding-3-small; put its key into the environment.",
    )
    backend: str = Field(
        default="auto",
        pattern="^(auto|openvino|torch)$",
        description="Backend of a local model: openvino, torch, or auto, which takes the faster one.",
    )
    precision: str = Field(
        default="auto",
        pattern="^(auto|bf16|fp32)$",
        description="Precision of a local model: bf16, fp32, or auto, which takes bf16 where the processor supports it"
        " (cosine to fp32 0.9999 on short phrases).",
    )
    dimensions: int = Field(
        default=0,
        ge=0,
        description="Dimensions to request from a litellm model that offers several. 0 uses its default.",
    )
    api_base: str = Field(
        default="", description="Address of your own server for a litellm model. Empty uses the provider."
    )
    price_in: float | None = Field(
        default=None,
        ge=0,
        description="Dollars per million input tokens. Set it for a model whose price litellm does not know. None uses"
        " litellm's price.",
    )
    texts_a_request: int = Field(
        default=96,
        ge=1,
        le=2048,
        description="Maximum number of texts per request to a litellm model. Cohere accepts 96, Gemini 100, OpenAI"
        " 2,048.",
    )

    def server(self) -> Server:
        """The server of a litellm model.

        Raises:
            FeatdiscError: If the encoder is local and a setting for servers is given.
        """
        if not encoders.is_remote(self.encoder) and (self.dimensions or self.api_base):
            raise FeatdiscError(
                f"embeddings.encoder is {self.encoder!r}, a local model without dimensions and api_base; remove"
                f" them, or write {encoders.REMOTE}openai/… for a model behind a server."
            )
        model = self.encoder.removeprefix(encoders.REMOTE)
        return Server(model, self.dimensions or None, self.api_base or None, own_price(self.price_in))


@dg.asset(
    group_name="clusters",
    kinds={"duckdb", "huggingface"},
    deps=["vocabulary"],
    code_version=code_version(EncoderConfig, encoders, stage, packaged_adapter().identity),
)
def embeddings(
    context: dg.AssetExecutionContext, config: EncoderConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One unit vector per feature and encoder. Only features without one are encoded."""
    db = warehouse.open()
    with _encoder(db, config, home.home) as model:
        missing = db.read(TEXTS_WITHOUT_VECTOR, [model.identity])
        texts, ids = missing["text"].to_pylist(), missing["feature_ids"].combine_chunks()
        if (earlier := _earlier_encoder(db, model.identity)) is not None:
            context.log.info(
                f"the encoder changed from {earlier} to {model.identity}: {len(texts):,} texts are encoded, and all"
                " clusters are fitted anew with new ids; nothing is rated again"
            )
        done, started = 0, time.monotonic()
        chunk_size = TEXTS_A_WRITE_OF_A_SERVER if isinstance(model, RemoteEncoder) else TEXTS_A_WRITE
        for chunk in stage.chunks_by_length(texts, chunk_size=chunk_size):
            _write(db, model, ids.take(pa.array(chunk)), [texts[i] for i in chunk])
            done += len(chunk)
            rate = done / (time.monotonic() - started)
            context.log.info(f"{done:,} of {len(texts):,} feature texts encoded, {rate:,.0f} per second{_bill(model)}")
        _make_current(db, model.identity, config)
    figures = {"newly encoded": len(texts), "encoder": model.identity}
    return materialized(context, db, "embeddings", figures=figures | _failures(context, model))


@contextmanager
def _encoder(db: Warehouse, config: EncoderConfig, home: Home) -> Iterator[encoders.Encoder]:
    """The encoder of the settings; its cost is in the ledger afterwards."""
    server = config.server()
    if not encoders.is_remote(config.encoder):
        yield encoders.load(config.encoder, backend=config.backend, precision=config.precision)
        return
    plan = next(iter(read_plans(db)), None)
    with AnswerStore(home.answers) as store:
        prices = {server.model: server.price} | ({} if plan is None else {plan.model: plan.params.price})
        budget = open_budget(None if plan is None else plan.budget_usd, db, store, prices)
        options = RequestOptions(config.limits(), config.max_attempts, config.timeout_s, config.texts_a_request)
        try:
            yield RemoteEncoder(
                _of_known_width(db, server),
                home.answers,
                options=options,
                budget=budget,
                retry_failed=config.retry_failed,
            )
        finally:
            # A cancelled or failed run records what it paid, too.
            write_ledger(db, store)


def _earlier_encoder(db: Warehouse, encoder: str) -> str | None:
    """The encoder in use, if it is another one."""
    current: str | None = db.scalar("select encoder from encoders where is_current and encoder != $1", [encoder])
    return current


def _of_known_width(db: Warehouse, server: Server) -> Server:
    name = identity(server.model, server.dimensions)
    return replace(server, width=db.scalar("select dimension from encoders where encoder = $1", [name]))


TEXTS_WITHOUT_VECTOR = """
select text, list(feature_id order by feature_id) as feature_ids
from vocabulary
anti join (from embeddings where encoder = $1) as embedded using (feature_id)
group by text
order by text
"""


def still_to_pay(db: Warehouse, server: Server, *, answer_tokens: int) -> tuple[int, float | None]:
    """Cost of embedding by a server: features without a vector, and features of pending ratings.

    Args:
        db: The home's warehouse.
        server: The server.
        answer_tokens: Tokens of the pending ratings, an estimate for their features.

    Returns:
        Tokens, approximately, and dollars, None if the price is unknown.
    """
    missing = db.read(TEXTS_WITHOUT_VECTOR, [identity(server.model, server.dimensions)])["text"]
    tokens = sum(map(count_tokens, missing.to_pylist())) + answer_tokens
    price = pricing.price(server.model, server.price)
    return tokens, None if price is None else price.of(tokens, 0)


def _write(db: Warehouse, model: encoders.Encoder, ids: pa.ListArray, texts: Sequence[str]) -> None:
    """Encode one chunk of texts and write the vectors."""
    if not isinstance(model, RemoteEncoder):
        append_vectors(db, model.identity, ids, model.encode(list(texts)))
        return
    vectors = model.encode_most(texts)
    [there] = np.nonzero(vectors.any(axis=1))
    if len(there):
        append_vectors(db, model.identity, ids.take(pa.array(there)), vectors[there])
    model.forget(texts)


def _make_current(db: Warehouse, encoder: str, config: EncoderConfig) -> None:
    """Make this encoder the current one, with the server for further texts."""
    with db.transaction() as connection:
        connection.execute("update encoders set is_current = (encoder = $1)", [encoder])
        connection.execute(
            "update encoders set api_base = $2, price_in = $3 where encoder = $1",
            [encoder, config.api_base or None, config.price_in],
        )


def _bill(model: encoders.Encoder) -> str:
    if not isinstance(model, RemoteEncoder):
        return ""
    cost = f", ${model.state.usage.cost_usd:,.4f}" if model.state.usage.cost_usd else ""
    return f" · {model.state.usage.tokens_in:,} tokens{cost}"


def _failures(context: dg.AssetExecutionContext, model: encoders.Encoder) -> dict[str, int]:
    """The number of texts without a vector; logs the reasons."""
    if not isinstance(model, RemoteEncoder):
        return {}
    if model.failures:
        reasons = Counter(why.status for why in model.failures.values())
        counts = ", ".join(f"{count:,} {status}" for status, count in reasons.most_common())
        context.log.warning(
            f"{len(model.failures):,} feature texts have no vector and are in no cluster: {counts};"
            " the check every_feature_is_embedded lists them"
        )
    return {"without a vector": len(model.failures), "tokens": model.state.usage.tokens_in}
