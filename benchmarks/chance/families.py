"""Families of tests on made-up corpora, by the code that the assets go by."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from benchmarks.chance.corpora import Counts, Flags, Made, Reals, Shape
from featdisc_assets.assets.probes import held_to_chance
from featdisc_assets.stages import probing
from featdisc_assets.statistics import association
from featdisc_assets.statistics.group_contrasts import contrast_groups


def summed(values: npt.NDArray[Any], into: Counts) -> Reals:
    """Sums of rows by the number each goes into."""
    to = sparse.csr_matrix((np.ones(len(into)), (into, np.arange(len(into)))), (int(into.max()) + 1, len(into)))
    return np.asarray(to @ values.astype(np.float64))


def pair_family(left: Flags, right: Flags, unit: Counts, *, grouped: bool = True) -> association.Association:
    """Every left flag with every right one, tested as `cooccurrence` does.

    Args:
        left: Transcripts x flags.
        right: The same.
        unit: Group key of each transcript.
        grouped: Whether the test knows of the groups.
    """
    n, sizes = len(unit), np.bincount(unit).astype(np.float64)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(left.shape[1]), np.arange(right.shape[1]), indexing="ij"))
    rho = []
    for flags in (left, right):
        by, shown = summed(flags, unit), flags.sum(axis=0).astype(np.float64)
        whole = np.full(len(shown), float((sizes**2).sum()))
        of_all = np.full(len(shown), float(n))
        rho.append(association.intra_group_correlation(of_all, shown, (by**2).sum(axis=0), sizes @ by, whole))
    effect = np.maximum(association.design_effect((sizes**2).sum() / n - 1, rho[0][i], rho[1][j]), 1.0)
    both = (left.astype(np.int64).T @ right)[i, j]
    totals = left.sum(axis=0).astype(np.int64)[i], right.sum(axis=0).astype(np.int64)[j]
    return association.associate(
        np.full(len(i), n), *totals, both, two_sided=False, design_effect=effect if grouped else None
    )


def counted(flags: Flags, made: Made) -> pa.Table:
    """What `read/group_contrasts.sql` gives for transcripts that are all rated: each model against all others."""
    unit, side = made.unit, made.side
    n, clusters = flags.shape
    sizes, shown = np.bincount(unit).astype(np.float64), flags.sum(axis=0).astype(np.float64)
    by_unit = summed(flags, unit)
    parts = []
    for value in np.unique(side):
        is_in = side == value
        m_in = summed(is_in[:, None], unit)[:, 0]
        is_paired = float(sizes[(m_in > 0) & (m_in < sizes)].sum()) >= 0.9 * n
        clustered = float((sizes**2).sum()) > n
        design = "paired" if is_paired else "stratified" if made.stratum is not None else None
        stratum = unit if is_paired else made.stratum if made.stratum is not None else np.zeros(n, np.int64)
        m, inside = (summed(of[:, None].astype(np.float64), stratum) for of in (np.ones(n), is_in))
        k, k_in = summed(flags, stratum), summed(flags & is_in[:, None], stratum)
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


def contrast_family(flags: Flags, made: Made, *, grouped: bool = True) -> pa.Table:
    """Every cluster of each model against all others, tested as `group_contrasts` does.

    Args:
        flags: Transcripts x clusters.
        made: Their models, group keys and languages.
        grouped: Whether the test knows of the groups; if not, nor does it know of languages.
    """
    if not grouped:
        made = replace(made, unit=np.arange(len(made.unit)), stratum=None)
    return contrast_groups(counted(flags, made), family=["grouped_by"], min_support=5)


# As the assets have them by default, for few groups.
KNOBS = probing.Knobs(
    tested_folds=5, tuning_folds=4, tuned_folds=4, c=(0.01, 0.03, 0.1, 0.3, 1.0), n_weights=1, n_draws=400, seed=0
)


def probe_families(x: Flags, targets: Flags, made: Made, random: np.random.Generator, *, size: int) -> list[Flags]:
    """Families of so many probes each, on the same inputs.

    Args:
        x: Transcripts x clusters of the user's turns.
        targets: Transcripts x targets, as many as there are families times the size of one.
        made: Their models and group keys.
        random: Of the lengths.
        size: Probes of a family.

    Returns:
        For each family: whether a probe beats every baseline by its interval, and whether it is worth reading besides.
    """
    length = random.normal(size=len(made.unit))
    plain = sparse.csr_matrix(np.column_stack([length, made.side[:, None] == np.arange(made.side.max() + 1)]))
    found, _ = probing.probe_all(
        sparse.csr_matrix(x.astype(np.float32)), plain, sparse.csc_matrix(targets), [f"g{i}" for i in made.unit],
        folds=5, knobs=replace(KNOBS, seed=int(random.integers(1 << 30))), threads=1, report=lambda done: None,
    )  # fmt: skip
    names = [name for name in probing.Probe.__slots__ if name != "weights"]
    families = []
    for start in range(0, len(found), size):
        rows: list[dict[str, Any]] = [
            {name: getattr(one, name) for name in names} | {"p_value": None, "q_value": None}
            for one in found[start : start + size]
        ]
        held_to_chance(rows)
        beats = np.array([(row["margin_low"] or 0) > 0 for row in rows])
        beyond = np.array([row["q_value"] is not None and row["q_value"] < 0.05 for row in rows])
        families.append(np.stack([beats, beats & beyond]))
    return families


def discoveries(kind: str, shape: Shape, families: int, seed: int = 7) -> Reals:
    """Shares of families in which something is found at q < 0.05, and of what one would find who knew less.

    Args:
        kind: pairs, contrasts or probes.
        shape: How the transcripts are made.
        families: How many.
        seed: Of all draws.

    Returns:
        Two shares of families: by the tests, and by tests that know of no groups and no strata. For probes four: of
        families with one worth reading, and with one that beats the baselines; then of single probes that are and do.
    """
    random = np.random.default_rng(seed)
    found: list[Reals] = []
    while len(found) < families:
        made = shape.make(random)
        if kind == "probes":
            # Families of the same inputs are fitted together: the targets are independent of each other and of these.
            some = min(5, families - len(found))
            x, targets = shape.flags(made, random, 10), shape.flags(made, random, 10 * some)
            for beats, worth in probe_families(x, targets, made, random, size=10):
                found.append(np.array([worth.any(), beats.any(), worth.mean(), beats.mean()]))
            continue
        flags = shape.flags(made, random)
        by_test = []
        for grouped in (True, False):
            if kind == "pairs":
                p_value = pair_family(flags[:, :10], flags[:, 10:], made.unit, grouped=grouped).p_value
                q_value = association.false_discovery(p_value, n_tests=len(p_value))
            else:
                q_value = contrast_family(flags, made, grouped=grouped)["q_value"].to_numpy()
            by_test.append(float((q_value < 0.05).any()))
        found.append(np.array(by_test))
    shares: Reals = np.mean(found, axis=0)
    return shares
