-- grain: one row per cluster, largest first: a random sample of features for the namer, the most common first
-- drawn with weight n_transcripts (Efraimidis and Spirakis 2006), the same for the same seed; in clusters of eight or
-- more features, a share (never the three most common) is held out to test the label on
-- (set variable sample_size = 100; set variable seed = 0; set variable hold_out = 0.25; set variable max_clusters = 0)
with placed as (
    select
        cluster_members.cluster_id,
        vocabulary.feature_id,
        vocabulary.text,
        vocabulary.n_transcripts,
        md5(concat_ws(chr(31), coalesce(getvariable('seed'), 0), vocabulary.feature_id)) as digest,
        count(*) over (partition by cluster_members.cluster_id) as n_members,
        row_number() over (
            partition by cluster_members.cluster_id
            order by vocabulary.n_transcripts desc, vocabulary.feature_id asc
        ) as place
    from cluster_members
    inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
    where cluster_members.cluster_id is not null
),

shuffled as (
    select
        *,
        row_number() over (partition by cluster_id, place <= 3 order by right(digest, 16), feature_id) as shuffled_place
    from placed
),

drawn as (
    select
        *,
        row_number() over (
            partition by cluster_id
            order by
                -ln((cast('0x' || left(digest, 13) as bigint) + 1) / 4503599627370497.0) / n_transcripts,
                feature_id
        ) as draw_place
    from shuffled
    where
        not (
            place > 3
            and n_members >= 8
            and shuffled_place <= floor(n_members * coalesce(getvariable('hold_out'), 0.25))
        )
    qualify draw_place <= coalesce(getvariable('sample_size'), 100)
),

sampled as (
    select
        cluster_id,
        list(feature_id order by n_transcripts desc, feature_id asc) as feature_ids,
        list(text order by n_transcripts desc, feature_id asc) as texts
    from drawn
    group by cluster_id
),

hashed as (
    select
        cluster_id,
        md5(string_agg(feature_id, chr(31) order by feature_id)) as members_hash
    from placed
    group by cluster_id
)

select
    clusters.cluster_id,
    clusters.kind,
    clusters.n_transcripts,
    hashed.members_hash,
    sampled.feature_ids,
    sampled.texts,
    coalesce(getvariable('max_clusters'), 0) = 0
    or row_number() over (partition by clusters.kind order by clusters.n_transcripts desc, clusters.cluster_id asc)
    <= getvariable('max_clusters') as is_wanted
from clusters
inner join hashed on clusters.cluster_id = hashed.cluster_id
inner join sampled on clusters.cluster_id = sampled.cluster_id
order by clusters.n_transcripts desc, clusters.cluster_id asc
