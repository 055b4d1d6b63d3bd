-- grain: one row per transcript rated both in its user's turns and in the kind that is probed
-- (set variable target_kind = 'thought'; 'response' where it is not set)
select
    rated_pieces.transcript_id,
    coalesce(any_value(transcripts.group_key), rated_pieces.transcript_id) as unit,
    cast(sum(pieces.n_chars) filter (where rated_pieces.kind = 'user') as bigint) as n_chars
from rated_pieces
inner join transcripts on rated_pieces.transcript_id = transcripts.transcript_id
inner join pieces on rated_pieces.piece_id = pieces.piece_id
where rated_pieces.kind in ('user', coalesce(getvariable('target_kind'), 'response'))
group by rated_pieces.transcript_id
having count(distinct rated_pieces.kind) = 2
order by rated_pieces.transcript_id
