-- grain: one row per word of `wanted` (word, in lower case): how many groups of transcripts have a feature with it
with words as (
    select
        feature_id,
        unnest(string_split_regex(lower(text), '[^\p{L}\p{M}''’-]+')) as word
    from vocabulary
),

holding as (
    select distinct
        words.word,
        words.feature_id
    from words
    inner join wanted on words.word = wanted.word
)

select
    holding.word,
    count(distinct coalesce(transcripts.group_key, transcripts.transcript_id)) as n_groups
from holding
inner join features on holding.feature_id = features.feature_id
inner join pieces on features.piece_id = pieces.piece_id
inner join transcripts on pieces.transcript_id = transcripts.transcript_id
group by holding.word
