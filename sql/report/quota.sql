-- grain: one row per kind: how many features a piece has; one number for nearly all hints at padding
select
    kind,
    min(try_cast(detail as integer)) as fewest,
    max(try_cast(detail as integer)) as most,
    arg_max(try_cast(detail as integer), n_pieces) as usual,
    max(share_of_pieces) as share_usual
from feature_hygiene
where finding = 'features in a piece'
group by kind
order by list_position(['user', 'thought', 'response', 'tool'], kind)
