-- grain: one row per kind: features per piece; the same number for nearly all pieces suggests padding
with counted as (
    select
        kind,
        min(try_cast(detail as integer)) as fewest,
        max(try_cast(detail as integer)) as most,
        arg_max(try_cast(detail as integer), n_pieces) as usual,
        max(share_of_pieces) as share_usual
    from feature_hygiene
    where finding = 'features in a piece'
    group by kind
),

limits as (
    select
        kind,
        sum(share_of_pieces) as share_at_a_limit
    from feature_hygiene
    where finding = 'ends at a limit'
    group by kind
),

padding as (
    select
        feature_flags.kind,
        count(distinct feature_flags.feature_id) as n_filling,
        count(*) as n_mentions
    from feature_flags
    inner join features on feature_flags.feature_id = features.feature_id
    where feature_flags.sign = 'fills the list up'
    group by feature_flags.kind
)

select
    counted.kind,
    counted.fewest,
    counted.most,
    counted.usual,
    counted.share_usual,
    coalesce(limits.share_at_a_limit, 0) as share_at_a_limit,
    coalesce(padding.n_filling, 0) as n_filling,
    coalesce(padding.n_mentions, 0) as n_mentions
from counted
left join limits on counted.kind = limits.kind
left join padding on counted.kind = padding.kind
order by list_position(['user', 'thought', 'response', 'tool'], counted.kind)
