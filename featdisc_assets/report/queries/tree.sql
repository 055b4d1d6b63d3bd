-- grain: one row per cluster: the eight largest of each theme
select
    theme_id,
    cluster_id,
    label,
    n_transcripts,
    n_rated_transcripts,
    prevalence,
    count(*) over (partition by theme_id) as n_siblings
from cluster_tree
where theme_id is not null and not is_private
qualify row_number() over (partition by theme_id order by n_transcripts desc, cluster_id asc) <= 8
order by theme_id asc, n_transcripts desc, cluster_id asc
