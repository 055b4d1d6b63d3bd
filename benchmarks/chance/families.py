"""Families of tests on simulated corpora, run by the code of the assets."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from benchmarks.chance.corpora import Corpus, Counts, Flags, Reals, Scenario
from featdisc_assets.assets.probes import add_chance_tests
from featdisc_assets.stages import probing
from featdisc_assets.statistics import association
from featdisc_assets.statistics.contrasts import contrast_groups


def sum_by(values: npt.NDArray[Any], group: Counts) -> Reals:
    """Sums of rows by group number."""
    membership = sparse.csr_matrix(
        (np.ones(len(group)), (group, np.arange(len(group)))), (int(group.max()) + 1, len(group))
    )
    return np.asarray(membership @ values.astype(np.float64))


def pair_family(left: Flags, right: Flags, unit: Counts, *, grouped: bool = True) -> association.Association:
    """Test every left flag with every right flag, as the asset `cooccurrence` does.

    Args:
        left: Transcripts x flags.
        right: Transcripts x flags.
        unit: Group key of each transcript.
        grouped: Whether the test takes groups into account.
    """
    n, sizes = len(unit), np.bincount(unit).astype(np.float64)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(left.shape[1]), np.arange(right.shape[1]), indexing="ij"))
    rho = []
    for flags in (left, right):
        by, shown = sum_by(flags, unit), flags.sum(axis=0).astype(np.float64)
        whole = np.full(len(shown), float((sizes**2).sum()))
        of_all = np.full(len(shown), float(n))
        rho.append(association.intra_group_correlation(of_all, shown, (by**2).sum(axis=0), sizes @ by, whole))
    effect = np.maximum(association.design_effect((sizes**2).sum() / n - 1, rho[0][i], rho[1][j]), 1.0)
    both = (left.astype(np.int64).T @ right)[i, j]
    totals = left.sum(axis=0).astype(np.int64)[i], right.sum(axis=0).astype(np.int64)[j]
    return association.associate(
        np.full(len(i), n), *totals, both, two_sided=False, design_effect=effect if grouped else None
    )


def contrast_counts(flags: Flags, corpus: Corpus) -> pa.Table:
    """The rows of `read/group_contrasts.sql` if all transcripts are rated: each model against all others."""
    unit, side = corpus.unit, corpus.side
    n, clusters = flags.shape
    sizes, shown = np.bincount(unit).astype(np.float64), flags.sum(axis=0).astype(np.float64)
    by_unit = sum_by(flags, unit)
    parts = []
    for value in np.unique(side):
        is_in = side == value
        m_in = sum_by(is_in[:, None], unit)[:, 0]
        is_paired = float(sizes[(m_in > 0) & (m_in < sizes)].sum()) >= 0.9 * n
        clustered = float((sizes**2).sum()) > n
        design = "paired" if is_paired else "stratified" if corpus.stratum is not None else None
        stratum = unit if is_paired else corpus.stratum if corpus.stratum is not None else np.zeros(n, np.int64)
        m, inside = (sum_by(of[:, None].astype(np.float64), stratum) for of in (np.ones(n), is_in))
        k, k_in = sum_by(flags, stratum), sum_by(flags & is_in[:, None], stratum)
        seen = np.maximum(m, 1)
        expected = inside * k / seen
        variance = inside * (m - inside) * k * (m - k) / (seen * seen * np.maximum(m - 1, 1))
        skew = (m - 2 * k) * (m - 2 * inside) / (seen * np.maximum(m - 2, 1))
        tells = (k > 0) & (k < m) & (inside > 0) & (inside < m)
        surplus = k_in - expected
        r, s = k_in * (m - inside - k + k_in) / seen, (inside - k_in) * (k - k_in) / seen
        p = (2 * k_in + m - inside - k) / seen
        inner = {
            "n_strata": tells, "k_strata": k_in * tells, "expected": expected * tells, "variance": variance * tells,
            "third": variance * skew * tells, "surplus_squared": surplus**2 * tells,
            "surplus_variance": surplus * variance * tells, "variance_squared": variance**2 * tells,
            "sum_r": r, "sum_s": s, "sum_pr": p * r,
            "sum_ps_qr": p * s + (1 - p) * r, "sum_qs": (1 - p) * s,
        }  # fmt: skip
        n_in, whole = float(is_in.sum()), float((sizes**2).sum())
        of_side = {
            "n_in": n_in, "n_out": n - n_in, "sum_sizes_squared": whole, "sum_in_squared": float((m_in**2).sum()),
            "sum_in_products": float(m_in @ sizes), "n_rated": float(n), "rated_sizes_squared": whole,
        }  # fmt: skip
        of_cluster = {
            "k_in": (flags & is_in[:, None]).sum(axis=0), "k_out": (flags & ~is_in[:, None]).sum(axis=0),
            "n_shown": shown, "sum_squares": (by_unit**2).sum(axis=0), "sum_products": sizes @ by_unit,
        }  # fmt: skip
        columns: dict[str, Any] = {
            "grouped_by": ["model"] * clusters,
            "group_value": [f"model-{value}"] * clusters,
            "kind": ["response"] * clusters,
            "cluster_id": [f"response-{i:02}" for i in range(clusters)],
            "design": [design or ("clustered" if clustered else "independent")] * clusters,
            "is_repeated": [is_paired and m_in.max() > 1 and (sizes - m_in).max() > 1] * clusters,
        }
        columns |= {name: np.full(clusters, figure) for name, figure in of_side.items()}
        columns |= {name: np.asarray(figure, np.float64) for name, figure in of_cluster.items()}
        columns |= {name: np.asarray(figure, np.float64).sum(axis=0) for name, figure in inner.items()}
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def contrast_family(flags: Flags, corpus: Corpus, *, grouped: bool = True) -> pa.Table:
    """Test every cluster of each model against all other models, as the asset `group_contrasts` does.

    Args:
        flags: Transcripts x clusters.
        corpus: Models, group keys and languages of the transcripts.
        grouped: Whether the test takes groups and languages into account.
    """
    if not grouped:
        corpus = replace(corpus, unit=np.arange(len(corpus.unit)), stratum=None)
    return contrast_groups(contrast_counts(flags, corpus), family=["grouped_by"], min_support=5)


# The defaults of the assets, for few groups.
KNOBS = probing.Knobs(
    tested_folds=5, tuning_folds=4, tuned_folds=4, c=(0.01, 0.03, 0.1, 0.3, 1.0), n_weights=1, n_draws=400, seed=0
)


def probe_families(x: Flags, targets: Flags, corpus: Corpus, random: np.random.Generator, *, size: int) -> list[Flags]:
    """Families of `size` probes each, on the same inputs.

    Args:
        x: Transcripts x clusters of the user turns.
        targets: Transcripts x targets; as many targets as families x size.
        corpus: Models and group keys of the transcripts.
        random: Generator of text lengths and seeds.
        size: Number of probes of a family.

    Returns:
        For each family bool[2, size]: whether a probe beats every baseline by its interval, and whether it also is
        worth reading.
    """
    length = random.normal(size=len(corpus.unit))
    plain = sparse.csr_matrix(np.column_stack([length, corpus.side[:, None] == np.arange(corpus.side.max() + 1)]))
    found, _ = probing.probe_all(
        sparse.csr_matrix(x.astype(np.float32)), plain, sparse.csc_matrix(targets), [f"g{i}" for i in corpus.unit],
        folds=5, knobs=replace(KNOBS, seed=int(random.integers(1 << 30))), threads=1, report=lambda done: None,
    )  # fmt: skip
    names = [name for name in probing.Probe.__slots__ if name != "weights"]
    families = []
    for start in range(0, len(found), size):
        rows: list[dict[str, Any]] = [
            {name: getattr(one, name) for name in names} | {"p_value": None, "q_value": None}
            for one in found[start : start + size]
        ]
        add_chance_tests(rows)
        beats = np.array([(row["margin_low"] or 0) > 0 for row in rows])
        beyond = np.array([row["q_value"] is not None and row["q_value"] < 0.05 for row in rows])
        families.append(np.stack([beats, beats & beyond]))
    return families


def discovery_rates(kind: str, scenario: Scenario, families: int, seed: int = 7) -> Reals:
    """Share of families with a discovery at q < 0.05, by the tests of the assets and by naive ones.

    Args:
        kind: pairs, contrasts or probes.
        scenario: How the transcripts are drawn.
        families: Number of families.
        seed: Seed of all draws.

    Returns:
        Two shares of families: by the tests, and by tests that ignore groups and strata. For probes four shares:
        families with a probe worth reading, families with a probe that beats the baselines, and the same for probes.
    """
    random = np.random.default_rng(seed)
    found: list[Reals] = []
    while len(found) < families:
        corpus = scenario.make(random)
        if kind == "probes":
            # Families on the same inputs are fitted together: targets are independent of the inputs and of each other.
            some = min(5, families - len(found))
            x, targets = scenario.flags(corpus, random, 10), scenario.flags(corpus, random, 10 * some)
            for beats, worth in probe_families(x, targets, corpus, random, size=10):
                found.append(np.array([worth.any(), beats.any(), worth.mean(), beats.mean()]))
            continue
        flags = scenario.flags(corpus, random)
        by_test = []
        for grouped in (True, False):
            if kind == "pairs":
                p_value = pair_family(flags[:, :10], flags[:, 10:], corpus.unit, grouped=grouped).p_value
                q_value = association.false_discovery(p_value, n_tests=len(p_value))
            else:
                q_value = contrast_family(flags, corpus, grouped=grouped)["q_value"].to_numpy()
            by_test.append(float((q_value < 0.05).any()))
        found.append(np.array(by_test))
    shares: Reals = np.mean(found, axis=0)
    return shares
