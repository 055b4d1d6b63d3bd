-- grain: one row per pair of clusters with impossible counts or figures, such as more together than alone
select
    left_cluster_id,
    right_cluster_id,
    n_both,
    n_left,
    n_right,
    n_transcripts
from cooccurrence
where
    n_both > least(n_left, n_right)
    or n_left + n_right - n_both > n_transcripts
    or p_value not between 0 and 1
    or q_value < p_value - 1e-12
    or odds_ratio not between odds_ratio_low and odds_ratio_high
    or isnan(lift + odds_ratio + p_value + q_value + similarity)
