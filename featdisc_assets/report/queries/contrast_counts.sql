-- grain: one row per way of grouping: groups, tests made and tests beyond chance
select
    grouped_by,
    count(distinct group_value) as n_groups,
    count(p_value) as n_tests,
    count(*) filter (where q_value < 0.05) as n_different
from group_contrasts
group by grouped_by
order by grouped_by
