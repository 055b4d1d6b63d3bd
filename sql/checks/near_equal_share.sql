-- grain: one row per kind in which more than max_share of the transcripts hold a text of a near-equal group
-- (set variable max_share = 0.1; 0.1 where it is not set)
with held as (
    select
        pieces.kind,
        count(distinct pieces.transcript_id) as n_transcripts,
        count(distinct if(near_equal_texts.text_hash is null, null, pieces.transcript_id)) as n_near_equal
    from pieces
    left join near_equal_texts on pieces.kind = near_equal_texts.kind and pieces.text_hash = near_equal_texts.text_hash
    group by pieces.kind
)

select
    kind,
    n_transcripts,
    n_near_equal,
    n_near_equal / n_transcripts as near_equal_share
from held
where n_near_equal / n_transcripts > coalesce(cast(getvariable('max_share') as double), 0.1)
order by kind
