"""Memory of a long rating run: does it grow with the number of pieces?

    python -m benchmarks.rating_memory [--pieces 300000] [--concurrency 128]

A warehouse of short, distinct, made-up pieces is rated by a provider that answers at once, by the asset that rates any
other: requests are rendered, answers stored, parsed and flushed. The table shows the resident set at each tenth of the
way. Growth is a line through the second half of it: a list of all pieces or answers would show as hundreds of bytes a
piece and more. DuckDB's own cache and the rest of the program are in it too.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import orjson

from benchmarks.pipeline import MemorySampler
from featdisc_assets.assets.rating import features, rating_plan
from featdisc_assets.graph.resources import resources_of
from featdisc_assets.home.places import Home
from featdisc_assets.llm import providers
from featdisc_assets.llm.pricing import count_tokens
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
    """Make the instant provider known to litellm."""
    litellm = providers.load_litellm()

    class Instant(litellm.CustomLLM):  # type: ignore[misc, name-defined]
        """Fifteen features, some of them common to many pieces, without a wait."""

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
    """Rate, and print the memory on the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=300_000)
    parser.add_argument("--concurrency", type=int, default=128)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        os.environ["FEATDISC_HOME"] = str(home.path)
        register_provider()
        db = Warehouse(home.warehouse)
        db.prepare()
        with db.transaction() as connection:
            connection.execute(_PIECES, [given.pieces])
        sampler = MemorySampler()
        sampler.start()
        started = time.time()
        _rate(home, given.concurrency)
        ended = time.time()
        sampler.stop()
        n_features = db.scalar("select count(*) from text_features")
        stored = home.answers.stat().st_size / 2**20
    print(
        f"{given.pieces:,} pieces, {n_features:,} features in {ended - started:,.0f} s; answer store {stored:,.0f} MiB"
    )
    _print_table(sampler.samples, started, ended, given.pieces)


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


def _print_table(samples: list[tuple[float, float]], started: float, ended: float, pieces: int) -> None:
    """Resident set by tenths of the run, and the slope of its second half."""
    at, mib = np.array(samples).T
    share = (at - started) / (ended - started)
    print(f"{'share of the run':<18}{'mean MiB':>10}{'peak MiB':>10}")
    for tenth in range(10):
        within = (share >= tenth / 10) & (share < (tenth + 1) / 10)
        if within.any():
            name = f"{tenth * 10:>3}-{tenth * 10 + 10:>3}%"
            print(f"{name:<18}{mib[within].mean():>10,.0f}{mib[within].max():>10,.0f}")
    # The end is DuckDB building the tables of features.
    second_half = (share >= 0.5) & (share < 0.9)
    slope = np.polyfit(share[second_half], mib[second_half], 1)[0]
    print(f"growth from half of the run to nine tenths: {slope * 2**20 / pieces:,.0f} bytes a piece")


if __name__ == "__main__":
    main()
