"""False discovery rates on null corpora, and power on planted effects beside a textbook formula.

    python -m benchmarks.chance [pairs|contrasts|probes|power ...] [--families N] [--runs N]

`pairs`, `contrasts` and `probes` generate families of tests without any true relation, with and without correlation
within groups, and print the share of families with a discovery and its standard error. `power` plants effects of known
size and prints the share found at p < 0.05 beside the power of a formula. The tests are those of the assets.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from benchmarks.chance.corpora import CONTRAST_SCENARIOS, PAIR_SCENARIOS, PROBE_SCENARIOS, Scenario
from benchmarks.chance.effects import EFFECTS, PLANTED_PAIRS, PLANTED_PROBES, pair_power, probe_power
from benchmarks.chance.families import discovery_rates
from benchmarks.measuring import parser, timed


def _print_row(name: str, shares: Iterable[float], *rest: str) -> None:
    print("|", " | ".join([name, *(f"{share:.3f}" for share in shares), *rest]), "|", flush=True)


def _print_head(*columns: str) -> None:
    print("|", " | ".join(columns), "|\n|" + "---|" * len(columns))


def _print_null(kind: str, scenarios: Sequence[Scenario], families: int, *columns: str) -> None:
    print(f"\n{families:,} families of each, standard error {np.sqrt(0.05 * 0.95 / families):.3f} at 0.05")
    _print_head(*columns)
    for scenario in scenarios:
        _print_row(scenario.name, discovery_rates(kind, scenario, families))


def _print_power(runs: int) -> None:
    print(f"\n{runs:,} of each, standard error at most {0.5 / np.sqrt(runs):.3f}")
    _print_head("planted", "found at p < 0.05", "formula", "source")
    random = np.random.default_rng(5)
    for effect in EFFECTS:
        _print_row(effect.name, [effect.found(random, runs), effect.power], effect.formula)
    for n, share, p, q in PLANTED_PAIRS:
        name = (
            f"pair in {n:,} ungrouped chats, {share:g} show the left, {p:g} of them and {q:g} of the others the right"
        )
        _print_row(name, pair_power(n, share, p, q, random, runs), "Fleiss, one-sided")
    n_probe_runs = runs // 10
    print(f"\n{n_probe_runs:,} of each, standard error at most {0.5 / np.sqrt(n_probe_runs):.3f}")
    _print_head("probe", "worth reading", "a test that knows the cluster (Fleiss)")
    for n, share, p, q in PLANTED_PROBES:
        name = f"{n} ungrouped chats, {share:g} show each input, {p:g} of them and {q:g} of the others the target"
        _print_row(name, probe_power(n, share, p, q, random, n_probe_runs))


def main() -> None:
    """Run the chosen parts."""
    arguments = parser(__doc__, families=1_000, runs=4_000)
    arguments.add_argument("parts", nargs="*", default=["pairs", "contrasts", "probes", "power"])
    options = arguments.parse_args()
    n, naive = options.families, "ignoring groups"
    parts: dict[str, Callable[[], None]] = {
        "pairs": lambda: _print_null("pairs", PAIR_SCENARIOS, n, "families of 100 null pairs", "found", naive),
        "contrasts": lambda: _print_null(
            "contrasts", CONTRAST_SCENARIOS, n, "families of 20 null clusters", "found", f"{naive} and languages"
        ),
        "probes": lambda: _print_null(
            "probes", PROBE_SCENARIOS, n, "families of 10 null probes", "any worth reading", "any beats all baselines",
            "of all probes worth reading", "of all beat all baselines",
        ),
        "power": lambda: _print_power(options.runs),
    }  # fmt: skip
    for part in options.parts:
        with timed(part):
            parts[part]()


if __name__ == "__main__":
    main()
