-- grain: one row per user and thought cluster seen together: how much more often than by chance
select
    cooccurrence.left_cluster_id as user_cluster_id,
    left_names.label as user_label,
    cooccurrence.right_cluster_id as thought_cluster_id,
    right_names.label as thought_label,
    cooccurrence.n_both,
    cooccurrence.n_left as n_user,
    cooccurrence.n_right as n_thought,
    cooccurrence.n_transcripts,
    cooccurrence.lift,
    cooccurrence.odds_ratio,
    cooccurrence.odds_ratio_low,
    cooccurrence.odds_ratio_high,
    cooccurrence.q_value,
    cooccurrence.similarity
from cooccurrence
left join cluster_names as left_names on cooccurrence.left_cluster_id = left_names.cluster_id
left join cluster_names as right_names on cooccurrence.right_cluster_id = right_names.cluster_id
where cooccurrence.left_kind = 'user' and cooccurrence.right_kind = 'thought'
