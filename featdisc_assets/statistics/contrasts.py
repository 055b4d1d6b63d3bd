"""Tests of each cluster's prevalence in a group against others: counts of transcripts in, figures and reasons out."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from featdisc_assets.statistics import association, stratified
from featdisc_assets.statistics.columns import with_columns


def contrast_groups(counts: pa.Table, *, family: Sequence[str], min_support: int) -> pa.Table:
    """Add effects, intervals, p-values, q-values and reasons to the rows of `read/group_contrasts.sql`.

    Args:
        counts: The result of that query.
        family: Columns whose equal values define one family of tests.
        min_support: Fewest transcripts, of both sides together, that must show a cluster.
    """
    raw = {name: counts[name].to_numpy() for name in counts.column_names if pa.types.is_floating(counts[name].type)}
    n_in, k_in, n_out, k_out = (raw[name] for name in ("n_in", "k_in", "n_out", "k_out"))
    design = np.array(counts["design"].to_pylist(), dtype=object)
    strata = stratified.Strata(**{name: raw[_STRATA.get(name, name)] for name in stratified.Strata.__slots__})
    effect = _design_effect(raw)
    is_repeated = counts["is_repeated"].to_numpy()
    repeated, in_test = (
        np.where(is_repeated, stratified.repeated_measures_effect(strata, common_effect=common), 1.0)
        for common in (True, False)
    )
    whole = [values.astype(np.int64) for values in (n_in + n_out, n_in, k_in + k_out, k_in)]
    plain = association.associate(*whole, two_sided=True, design_effect=np.maximum(effect, 1.0))
    within = np.isin(design, ["paired", "stratified"])
    p_value = np.where(
        within,
        stratified.stratified_p_value(strata, np.where(design == "paired", in_test, np.maximum(effect, 1.0))),
        plain.p_value,
    )
    # Pairs have a design effect below 1, which narrows the intervals of the shares.
    effect = np.where(design == "paired", np.maximum(effect, 0.05) * repeated, np.maximum(effect, 1.0))
    shown, shown_out = k_in.astype(np.int64), k_out.astype(np.int64)
    hidden, hidden_out = n_in.astype(np.int64) - shown, n_out.astype(np.int64) - shown_out
    centre, half = association.log_odds(shown, hidden, shown_out, hidden_out, effect)
    odds = (np.exp(centre), np.exp(centre - half), np.exp(centre + half))
    adjusted = stratified.mantel_haenszel(strata, effect)
    of_strata = design == "stratified"
    odds = (
        np.where(of_strata, adjusted[0], odds[0]),
        np.where(of_strata, adjusted[1], odds[1]),
        np.where(of_strata, adjusted[2], odds[2]),
    )
    reason = _reasons(n_in, k_in, n_out, k_out, strata.n_strata, within, min_support)
    tested = pc.is_null(reason).to_numpy(zero_copy_only=False)
    p_value = np.where(tested, p_value, np.nan)
    known = np.where(tested, 1.0, np.nan)
    shares = stratified.difference(k_in, n_in, k_out, n_out, effect)
    ratios = stratified.ratio(k_in, n_in, k_out, n_out, effect)
    columns: dict[str, object] = {"difference": shares[0]}
    columns |= {f"difference_{end}": value * known for end, value in zip(("low", "high"), shares[1:], strict=True)}
    columns |= dict(zip(_ends("ratio"), (value * known for value in ratios), strict=True))
    columns |= dict(zip(_ends("odds_ratio"), (value * known for value in odds), strict=True))
    columns |= {"p_value": p_value, "q_value": q_values(counts, family, p_value), "design_effect": effect}
    columns |= {"n_strata": np.where(within, strata.n_strata, np.nan)}
    kept = [name for name in counts.column_names if name not in raw and name != "is_repeated"]
    sides = {name: raw[name].astype(np.int64) for name in ("n_in", "k_in", "n_out", "k_out")}
    return with_columns(counts.select(kept), sides | columns).append_column("reason", reason)


# A field of Strata whose column in the query has another name.
_STRATA = {"k_in": "k_strata"}


def _ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _design_effect(raw: dict[str, association.Reals]) -> association.Reals:
    n_all = raw["n_in"] + raw["n_out"]
    of_group = association.intra_group_correlation(
        n_all, raw["n_in"], raw["sum_in_squared"], raw["sum_in_products"], raw["sum_sizes_squared"]
    )
    of_cluster = association.intra_group_correlation(
        raw["n_rated"], raw["n_shown"], raw["sum_squares"], raw["sum_products"], raw["rated_sizes_squared"]
    )
    pairs = raw["sum_sizes_squared"] / np.maximum(n_all, 1) - 1
    return association.design_effect(pairs, of_group, of_cluster)


def _reasons(
    n_in: association.Reals,
    k_in: association.Reals,
    n_out: association.Reals,
    k_out: association.Reals,
    n_strata: association.Reals,
    within: npt.NDArray[np.bool_],
    min_support: int,
) -> pa.Array:
    """Why a comparison has no test; null where it has one."""
    shown, n_all = k_in + k_out, n_in + n_out
    texts = [
        (n_in == 0, "no transcript of the group has a rated piece of this kind"),
        (
            n_out == 0,
            "every transcript with a rated piece of this kind is in the group, so there is nothing to compare",
        ),
        (shown == 0, "no transcript of either side shows it"),
        (shown == n_all, "every transcript of both sides shows it"),
        (shown < min_support, f"fewer than {min_support} transcripts show it"),
        (within & (n_strata == 0), "no stratum has both sides and both outcomes"),
    ]
    codes = np.full(len(shown), -1)
    for code, (holds, _) in reversed(list(enumerate(texts))):
        codes[holds] = code
    return pa.array([text for _, text in texts], pa.string()).take(pa.array(codes, mask=codes < 0))


def q_values(
    counts: pa.Table,
    family: Sequence[str],
    p_value: association.Reals,
) -> association.Reals:
    """Adjusted p-values within each family of tests; a p-value of NaN is not a test."""
    q_value = np.full(len(p_value), np.nan)
    keys = counts.select(list(family)).combine_chunks()
    named = pc.binary_join_element_wise(*(pc.fill_null(keys[name], "") for name in family), "\x1f")
    codes = named.combine_chunks().dictionary_encode().indices.to_numpy() if len(p_value) else np.zeros(0, np.int64)
    for code in range(int(codes.max(initial=-1)) + 1):
        rows = np.flatnonzero((codes == code) & ~np.isnan(p_value))
        q_value[rows] = association.false_discovery(p_value[rows], n_tests=len(rows))
    return q_value
