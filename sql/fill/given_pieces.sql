-- grain: one row per piece of imported features; its text is empty where the file has none
select
    left(md5(concat_ws(chr(31), transcript_id, kind, 0)), 16) as piece_id,
    transcript_id,
    kind,
    0 as turn_index,
    text,
    text_hash,
    length(text) as n_chars,
    if(kind = 'thought', 'raw', null) as thought_form,
    false as is_truncated
from given_features
order by transcript_id, kind
