-- grain: one row per user and thought cluster that the same transcripts show: how much more often than by chance
select
    * exclude (left_kind, right_kind) -- noqa: AM04
    rename (
        left_cluster_id as user_cluster_id,
        left_label as user_label,
        right_cluster_id as thought_cluster_id,
        right_label as thought_label,
        n_left as n_user,
        n_right as n_thought
    )
from cluster_pairs
where left_kind = 'user' and right_kind = 'thought'
