-- grain: one row per kind, finding and detail: how many features and pieces have the sign
with of_features as (
    select
        feature_flags.kind,
        feature_flags.sign as finding,
        if(
            feature_flags.sign in ('fills the list up', 'says the opposite of its cluster'),
            vocabulary.text,
            feature_flags.detail
        ) as detail,
        feature_flags.feature_id,
        features.piece_id
    from feature_flags
    inner join vocabulary on feature_flags.feature_id = vocabulary.feature_id
    left join features on feature_flags.feature_id = features.feature_id
),

of_mentions as (
    select
        mention_flags.kind,
        mention_flags.sign as finding,
        'any' as detail,
        mention_flags.feature_id,
        pieces.piece_id
    from mention_flags
    inner join pieces on mention_flags.kind = pieces.kind and mention_flags.text_hash = pieces.text_hash
),

found as (
    select
        kind,
        finding,
        detail,
        count(distinct feature_id) as n_features,
        count(distinct piece_id) as n_pieces
    from of_features
    group by kind, finding, detail
    union all by name
    select
        kind,
        finding,
        detail,
        count(distinct feature_id) as n_features,
        count(distinct piece_id) as n_pieces
    from of_mentions
    group by kind, finding, detail
    union all by name
    select
        pieces.kind,
        'features in a piece' as finding,
        cast(rated_texts.n_features as varchar) as detail,
        cast(sum(rated_texts.n_features) as bigint) as n_features,
        count(*) as n_pieces
    from rated_texts
    inner join pieces on rated_texts.kind = pieces.kind and rated_texts.text_hash = pieces.text_hash
    where rated_texts.status in ('ok', 'repaired', 'too_few')
    group by pieces.kind, rated_texts.n_features
    union all by name
    select
        pieces.kind,
        'ends at a limit' as finding,
        if(rated_texts.n_features = rating_plan.max_features, 'the most asked for', 'the fewest asked for') as detail,
        cast(sum(rated_texts.n_features) as bigint) as n_features,
        count(*) as n_pieces
    from rated_texts
    inner join pieces on rated_texts.kind = pieces.kind and rated_texts.text_hash = pieces.text_hash
    inner join rating_plan on rated_texts.kind = rating_plan.kind
    where
        rated_texts.status in ('ok', 'repaired', 'too_few')
        and rated_texts.n_features in (rating_plan.min_features, rating_plan.max_features)
    group by all
)

select
    found.kind,
    found.finding,
    found.detail,
    found.n_features,
    found.n_pieces,
    found.n_pieces / rated_kinds.n_rated_pieces as share_of_pieces
from found
inner join rated_kinds on found.kind = rated_kinds.kind
order by all
