-- grain: one row per piece of imported features: each counts as rated by the model that wrote the features
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
