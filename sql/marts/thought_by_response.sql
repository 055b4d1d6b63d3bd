-- grain: one row per thought and response cluster that the same transcripts show: how much more often than by chance
select
    * exclude (left_kind, right_kind) -- noqa: AM04
    rename (
        left_cluster_id as thought_cluster_id,
        left_label as thought_label,
        right_cluster_id as response_cluster_id,
        right_label as response_label,
        n_left as n_thought,
        n_right as n_response
    )
from cluster_pairs
where left_kind = 'thought' and right_kind = 'response'
