-- grain: one row per kind and distinct feature text, with how many pieces and transcripts have it
select
    left(md5(concat_ws(chr(31), text_features.kind, text_features.text)), 16) as feature_id,
    text_features.kind,
    text_features.text,
    count(distinct pieces.piece_id) as n_pieces,
    count(distinct pieces.transcript_id) as n_transcripts
from text_features
inner join pieces on text_features.kind = pieces.kind and text_features.text_hash = pieces.text_hash
group by text_features.kind, text_features.text
order by text_features.kind, feature_id
