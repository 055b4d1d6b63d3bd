-- grain: one row per piece that features made elsewhere speak of: each is rated, by whoever made them
select
    kind,
    text_hash,
    'given:' || text_hash as request_key,
    rater as model,
    'made elsewhere' as prompt_version,
    if(len(features) >= 10, 'ok', 'too_few') as status,
    cast(null as varchar) as error,
    len(features) as n_features,
    cast(0 as bigint) as chars_left_out
from given_features
order by kind, text_hash
