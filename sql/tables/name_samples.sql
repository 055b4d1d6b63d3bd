-- grain: one row per cluster, largest first: a random sample of its features, listed from the most common on
-- drawn by a weight of transcripts (Efraimidis and Spirakis 2006), the same for the same seed
-- (set variable sample_size = 100; set variable seed = 0)
with drawn as (
    select
        cluster_members.cluster_id,
        vocabulary.feature_id,
        vocabulary.text,
        vocabulary.n_transcripts,
        row_number() over (
            partition by cluster_members.cluster_id
            order by
                -ln(
                    (cast(
                        '0x'
                        || left(md5(concat_ws(chr(31), coalesce(getvariable('seed'), 0), vocabulary.feature_id)), 13)
                        as bigint
                    ) + 1) / 4503599627370497.0
                ) / vocabulary.n_transcripts,
                vocabulary.feature_id
        ) as draw
    from cluster_members
    inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
    where cluster_members.cluster_id is not null
    qualify draw <= coalesce(getvariable('sample_size'), 100)
)

select
    clusters.cluster_id,
    clusters.kind,
    list(drawn.feature_id order by drawn.n_transcripts desc, drawn.feature_id asc) as feature_ids,
    list(drawn.text order by drawn.n_transcripts desc, drawn.feature_id asc) as texts
from clusters
inner join drawn on clusters.cluster_id = drawn.cluster_id
group by clusters.cluster_id, clusters.kind, clusters.n_transcripts
order by clusters.kind asc, clusters.n_transcripts desc, clusters.cluster_id asc
