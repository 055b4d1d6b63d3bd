-- grain: one row per kind and feature whose cluster mostly says the opposite of it (given as `senses`: cluster_id,
-- feature_id, is_denied, about); the majority is by transcripts, and a tie goes to what is affirmed
with weighted as (
    select
        senses.*,
        vocabulary.kind,
        vocabulary.text,
        vocabulary.n_transcripts,
        sum(if(senses.is_denied, vocabulary.n_transcripts, 0)) over (partition by senses.cluster_id) as n_denied,
        sum(if(senses.is_denied, 0, vocabulary.n_transcripts)) over (partition by senses.cluster_id) as n_affirmed
    from senses
    inner join vocabulary on senses.feature_id = vocabulary.feature_id
)

select
    kind,
    feature_id,
    'says the opposite of its cluster' as sign,
    about as detail,
    cast(null as double) as similarity
from weighted
where is_denied = (n_denied <= n_affirmed)
order by kind, feature_id
