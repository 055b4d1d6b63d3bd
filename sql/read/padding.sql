-- grain: one row per kind and feature that pads lists: common, nearly always in their last part, and in lists that end
-- at a limit of the plan (1/12 is the variance of a uniform random place between 0 and 1)
with lists as (
    select
        rated_texts.kind,
        rated_texts.text_hash,
        rated_texts.n_features,
        rated_texts.n_features in (rating_plan.min_features, rating_plan.max_features) as is_at_a_limit,
        count(*) over (partition by rated_texts.kind) as n_lists
    from rated_texts
    inner join rating_plan on rated_texts.kind = rating_plan.kind
    where rated_texts.n_features > 1
),

placed as (
    select
        text_features.kind,
        text_features.text,
        count(*) as n_texts,
        avg(text_features.position / (lists.n_features - 1)) as mean_place,
        avg(if(lists.is_at_a_limit, 1, 0)) as share_at_a_limit,
        any_value(lists.n_lists) as n_lists
    from text_features
    inner join lists on text_features.kind = lists.kind and text_features.text_hash = lists.text_hash
    group by text_features.kind, text_features.text
)

select
    vocabulary.kind,
    vocabulary.feature_id,
    'fills the list up' as sign,
    'at place ' || cast(round(placed.mean_place, 2) as varchar) || ' of lists from 0 to 1' as detail,
    cast(null as double) as similarity
from placed
inner join vocabulary on placed.kind = vocabulary.kind and placed.text = vocabulary.text
where
    placed.n_texts >= greatest(10, 0.02 * placed.n_lists)
    and placed.mean_place >= 0.7
    and (placed.mean_place - 0.5) * sqrt(12 * placed.n_texts) >= 4
    and placed.share_at_a_limit >= 0.9
order by vocabulary.kind, vocabulary.feature_id
