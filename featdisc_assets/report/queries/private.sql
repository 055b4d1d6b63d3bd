-- grain: one row per kind: private clusters, which this page leaves out, and clusters with both senses
select
    kind,
    count(*) as n_clusters,
    count(*) filter (where is_private) as n_private,
    count(*) filter (where has_both_senses and not is_private) as n_both_senses
from clean_prevalence
group by kind
order by list_position(['user', 'thought', 'response'], kind)
