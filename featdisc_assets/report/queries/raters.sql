-- grain: one row per purpose and model behind the present figures
select
    'rate' as purpose,
    model,
    count(*) filter (where status in ('ok', 'repaired', 'too_few')) as n_answers,
    count(distinct prompt_version) as n_prompts
from rated_texts
group by model
union all
select
    'name' as purpose,
    model,
    count(*) filter (where status in ('ok', 'repaired', 'too_few')) as n_answers,
    count(distinct prompt_version) as n_prompts
from cluster_names
where status <> 'not_asked'
group by model
union all
select
    'parent' as purpose,
    model,
    count(*) filter (where status in ('ok', 'repaired', 'too_few')) as n_answers,
    count(distinct prompt_version) as n_prompts
from parent_names
where status <> 'not_asked'
group by model
union all
select
    'interest' as purpose,
    model,
    count(interest) as n_answers,
    count(distinct prompt_version) as n_prompts
from cluster_interest
group by model
order by n_answers desc, purpose asc, model asc
