-- grain: one row per kind in which more than max_share of the features hold a swallowed phrase, with the widest phrase
-- (set variable max_share = 0.05; 0.05 where it is not set)
with widest as (
    select
        kind,
        max_by(phrase, (n_transcripts, phrase)) as phrase,
        max(n_transcripts) as n_transcripts
    from swallowed_themes
    group by kind
)

select
    cluster_profile.kind,
    cluster_profile.n_features,
    cluster_profile.n_swallowed,
    cluster_profile.n_features_swallowed,
    cluster_profile.n_features_swallowed / cluster_profile.n_features as swallowed_share,
    widest.phrase,
    widest.n_transcripts
from cluster_profile
left join widest on cluster_profile.kind = widest.kind
where
    cluster_profile.n_features_swallowed / cluster_profile.n_features
    > coalesce(cast(getvariable('max_share') as double), 0.05)
order by cluster_profile.kind
