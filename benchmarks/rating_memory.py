"""Resident memory of a long rating run: does it grow with the number of pieces?

    python -m benchmarks.rating_memory [--pieces 300000] [--concurrency 128]

A warehouse of short, distinct, generated pieces is rated by the asset `features`, with a provider that answers at once.
The table shows the resident memory in each tenth of the run. Growth is the slope of a line through the second half: a
list of all pieces or answers would show as hundreds of bytes per piece or more. DuckDB's cache is included.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import orjson

from benchmarks.measuring import MemorySampler, parser
from featdisc_assets.assets.rating import features, rating_plan
from featdisc_assets.graph.resources import resources_of
from featdisc_assets.home.places import Home
from featdisc_assets.llm import providers
from featdisc_assets.llm.tokens import count_tokens
from featdisc_assets.warehouse import Warehouse

MODEL = "instant/v1"
_PIECES = """
insert into pieces
select
    'piece-' || i, 'transcript-' || i, 'user', 0,
    'Question ' || i || ': ' || repeat('how does one sort a list of ' || (i % 977) || ' words? ', 8), md5(i::varchar),
    400, null, false
from range($1) as numbers (i)
"""


def register_provider() -> None:
    """Register the provider `instant` in litellm."""
    litellm = providers.load_litellm()

    class Instant(litellm.CustomLLM):  # type: ignore[misc, name-defined]
        """Answers at once with fifteen features, some of them shared by many pieces."""

        async def acompletion(self, model: str, messages: list[dict[str, Any]], **given: Any) -> object:  # noqa: ANN401  (litellm's own signature)
            prompt = messages[-1]["content"]
            seed = hash(prompt)
            names = [f"Feature of a kind {chr(97 + (seed >> i) % 26)} {chr(97 + seed % (i + 2))}" for i in range(15)]
            response = given["model_response"]
            response.choices[0].message.content = orjson.dumps({"features": names}).decode()
            response.choices[0].finish_reason = "stop"
            tokens = count_tokens(prompt)
            response.usage = litellm.Usage(prompt_tokens=tokens, completion_tokens=120, total_tokens=tokens + 120)
            return response

    litellm.custom_provider_map.append({"provider": "instant", "custom_handler": Instant()})
    litellm.utils.custom_llm_setup()


def main() -> None:
    """Rate the pieces and print the memory used."""
    options = parser(__doc__, pieces=300_000, concurrency=128).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        os.environ["FEATDISC_HOME"] = str(home.path)
        register_provider()
        db = Warehouse(home.warehouse)
        db.prepare()
        with db.transaction() as connection:
            connection.execute(_PIECES, [options.pieces])
        with MemorySampler() as sampler:
            _rate(home, options.concurrency)
        n_features = db.scalar("select count(*) from text_features")
        stored = home.answers.stat().st_size / 2**20
    seconds = sampler.ended - sampler.started
    print(f"{options.pieces:,} pieces, {n_features:,} features in {seconds:,.0f} s; answer store {stored:,.0f} MiB")
    _print_table(sampler, options.pieces)


def _rate(home: Home, concurrency: int) -> None:
    dg.materialize(
        [rating_plan, features],
        resources=resources_of(home),
        run_config={
            "loggers": {"console": {"config": {"log_level": "INFO"}}},
            "ops": {
                "rating_plan": {"config": {"model": MODEL}},
                "features": {"config": {"max_concurrency": concurrency}},
            },
        },
    )


def _print_table(sampler: MemorySampler, pieces: int) -> None:
    """Print resident memory by tenths of the run, and the slope of the second half."""
    at, mib = np.array(sampler.samples).T
    share = (at - sampler.started) / (sampler.ended - sampler.started)
    print(f"{'part of the run':<18}{'mean MiB':>10}{'peak MiB':>10}")
    for tenth in range(10):
        within = (share >= tenth / 10) & (share < (tenth + 1) / 10)
        if within.any():
            name = f"{tenth * 10:>3}-{tenth * 10 + 10:>3}%"
            print(f"{name:<18}{mib[within].mean():>10,.0f}{mib[within].max():>10,.0f}")
    # In the last tenth DuckDB builds the tables of features.
    second_half = (share >= 0.5) & (share < 0.9)
    slope = np.polyfit(share[second_half], mib[second_half], 1)[0]
    print(f"growth between 50% and 90% of the run: {slope * 2**20 / pieces:,.0f} bytes per piece")


if __name__ == "__main__":
    main()
