-- grain: one row per feature of the vocabulary without a vector
select
    vocabulary.feature_id,
    vocabulary.text
from vocabulary
left join embeddings on vocabulary.feature_id = embeddings.feature_id
where embeddings.feature_id is null
