-- grain: one row per piece and imported feature
with numbered as (
    select
        kind,
        text_hash,
        unnest(generate_series(1, len(features))) as position,
        unnest(features) as text
    from given_features
)

select
    kind,
    text_hash,
    cast(position - 1 as integer) as position,
    text
from numbered
order by kind, text_hash, position
