-- grain: one row per kind and rating outcome: pieces, distinct texts, their share, and how many were shortened
select
    pieces.kind,
    coalesce(rated_texts.status, 'pending') as status,
    count(*) as n_pieces,
    count(distinct pieces.text_hash) as n_texts,
    count(distinct pieces.transcript_id) as n_transcripts,
    count(*) / sum(count(*)) over (partition by pieces.kind) as share_of_pieces,
    avg(rated_texts.n_features) as features_per_piece,
    count(*) filter (where rated_texts.chars_left_out > 0) as n_shortened
from pieces
left join rated_texts on pieces.kind = rated_texts.kind and pieces.text_hash = rated_texts.text_hash
group by pieces.kind, coalesce(rated_texts.status, 'pending')
