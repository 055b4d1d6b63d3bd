-- grain: one row per piece and feature
select
    pieces.piece_id,
    left(md5(concat_ws(chr(31), text_features.kind, text_features.text)), 16) as feature_id,
    text_features.position
from text_features
inner join pieces on text_features.kind = pieces.kind and text_features.text_hash = pieces.text_hash
order by pieces.piece_id, text_features.position
