-- grain: one row per piece rated without failure: the denominator of every prevalence
select
    pieces.piece_id,
    pieces.transcript_id,
    pieces.kind,
    transcripts.model,
    transcripts.source,
    coalesce(rated_texts.chars_left_out, 0) as chars_left_out
from pieces
inner join rated_texts on pieces.kind = rated_texts.kind and pieces.text_hash = rated_texts.text_hash
inner join transcripts on pieces.transcript_id = transcripts.transcript_id
where rated_texts.status in ('ok', 'repaired', 'too_few')
