-- grain: one row per contrast between groups without a test or a reason, or with impossible figures
select
    grouped_by,
    group_value,
    cluster_id,
    p_value,
    q_value,
    reason
from group_contrasts
where
    (q_value is null) = (reason is null)
    or isnan(coalesce(p_value, 0))
    or q_value < p_value - 1e-12
    or q_value > 1
    or k_in > n_in
    or k_out > n_out
    or difference not between difference_low - 1e-9 and difference_high + 1e-9
    or odds_ratio not between odds_ratio_low and odds_ratio_high
