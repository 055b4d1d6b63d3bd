-- grain: one row per kind and distinct text of a group of near-equal texts that enough transcripts hold
-- (given as `alike`: kind, text_hash, number, equal for near-equal texts of a kind)
-- (set variable min_transcripts = 20)
with held as (
    select
        pieces.kind,
        pieces.text_hash,
        alike.number,
        pieces.transcript_id,
        coalesce(transcripts.group_key, pieces.transcript_id) as group_key
    from pieces
    inner join alike on pieces.kind = alike.kind and pieces.text_hash = alike.text_hash
    inner join transcripts on pieces.transcript_id = transcripts.transcript_id
),

-- one text in one group is a question that was asked many times on purpose, so it is left out
large as (
    select
        kind,
        number,
        min(text_hash) as group_id
    from held
    group by kind, number
    having
        count(distinct transcript_id) >= cast(getvariable('min_transcripts') as bigint)
        and count(distinct concat_ws(chr(31), text_hash, group_key)) > 1
)

select distinct
    held.kind,
    held.text_hash,
    large.group_id
from held
inner join large on held.kind = large.kind and held.number = large.number
order by held.kind, large.group_id, held.text_hash
