-- grain: one row per feature whose piece or vocabulary entry is missing
select
    features.piece_id,
    features.feature_id
from features
left join pieces on features.piece_id = pieces.piece_id
left join vocabulary on features.feature_id = vocabulary.feature_id
where pieces.piece_id is null or vocabulary.feature_id is null
