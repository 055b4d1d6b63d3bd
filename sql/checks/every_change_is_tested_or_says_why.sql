-- grain: one row per change between an earlier and a later group without a test or a reason, or with impossible figures
select
    earlier,
    later,
    cluster_id,
    p_value,
    q_value,
    reason
from drift
where
    (q_value is null) = (reason is null)
    or isnan(coalesce(p_value, 0))
    or q_value < p_value - 1e-12
    or q_value > 1
    or k_later > n_later
    or k_earlier > n_earlier
    or difference not between difference_low - 1e-9 and difference_high + 1e-9
