-- grain: one row per transcript of imported features
select
    transcript_id,
    min(source) as source,
    min(model) as model,
    min(group_key) as group_key,
    min(created_at) as created_at,
    cast('{}' as json) as metadata,
    md5(string_agg(kind || chr(31) || text_hash, chr(30) order by kind)) as content_hash,
    1 as n_turns
from given_features
group by transcript_id
order by transcript_id
