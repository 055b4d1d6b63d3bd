-- grain: one row per kind whose median stability in refits of samples is below min_jaccard
-- (set variable min_jaccard = 0.5; 0.5 where it is not set)
with repeats as (
    select
        kind,
        count(*) as n_repeats,
        avg(adjusted_rand) as adjusted_rand
    from cluster_stability
    group by kind
)

select
    cluster_profile.kind,
    cluster_profile.n_clusters,
    cluster_profile.n_unstable,
    cluster_profile.median_stability,
    repeats.n_repeats,
    repeats.adjusted_rand
from cluster_profile
inner join repeats on cluster_profile.kind = repeats.kind
where cluster_profile.median_stability < coalesce(cast(getvariable('min_jaccard') as double), 0.5)
order by cluster_profile.kind
