-- grain: one row per pair of clusters of two kinds that occur together in at least `min_support` transcripts
-- (set variable min_support = 5; 5 where it is not set), counted among transcripts rated in both kinds
with kind_pairs as (
    select
        unnest(['user', 'user', 'thought']) as left_kind,
        unnest(['thought', 'response', 'response']) as right_kind
),

rated as (
    select distinct
        transcript_id,
        kind
    from rated_pieces
),

common as (
    select
        kind_pairs.left_kind,
        kind_pairs.right_kind,
        lefts.transcript_id,
        count(*) over (partition by kind_pairs.left_kind, kind_pairs.right_kind) as n_transcripts
    from kind_pairs
    inner join rated as lefts on kind_pairs.left_kind = lefts.kind
    inner join rated as rights
        on kind_pairs.right_kind = rights.kind and lefts.transcript_id = rights.transcript_id
),

lefts as (
    select
        common.left_kind,
        common.right_kind,
        common.n_transcripts,
        common.transcript_id,
        transcript_clusters.cluster_id,
        count(*) over (partition by common.left_kind, common.right_kind, transcript_clusters.cluster_id) as n_left
    from common
    inner join transcript_clusters
        on common.left_kind = transcript_clusters.kind and common.transcript_id = transcript_clusters.transcript_id
    qualify n_left >= coalesce(getvariable('min_support'), 5)
),

rights as (
    select
        common.left_kind,
        common.right_kind,
        common.transcript_id,
        transcript_clusters.cluster_id,
        count(*) over (partition by common.left_kind, common.right_kind, transcript_clusters.cluster_id) as n_right
    from common
    inner join transcript_clusters
        on common.right_kind = transcript_clusters.kind and common.transcript_id = transcript_clusters.transcript_id
    qualify n_right >= coalesce(getvariable('min_support'), 5)
),

counted as (
    select
        left_kind,
        right_kind,
        count(distinct cluster_id) as n_right_clusters
    from rights
    group by left_kind, right_kind
),

families as (
    select
        lefts.left_kind,
        lefts.right_kind,
        count(distinct lefts.cluster_id) * any_value(counted.n_right_clusters) as n_tests
    from lefts
    inner join counted on lefts.left_kind = counted.left_kind and lefts.right_kind = counted.right_kind
    group by lefts.left_kind, lefts.right_kind
)

select
    lefts.left_kind,
    lefts.cluster_id as left_cluster_id,
    lefts.right_kind,
    rights.cluster_id as right_cluster_id,
    any_value(lefts.n_transcripts) as n_transcripts,
    any_value(lefts.n_left) as n_left,
    any_value(rights.n_right) as n_right,
    count(*) as n_both,
    any_value(families.n_tests) as n_tests
from lefts
inner join rights
    on
        lefts.transcript_id = rights.transcript_id
        and lefts.left_kind = rights.left_kind
        and lefts.right_kind = rights.right_kind
inner join families on lefts.left_kind = families.left_kind and lefts.right_kind = families.right_kind
group by lefts.left_kind, lefts.cluster_id, lefts.right_kind, rights.cluster_id
having count(*) >= coalesce(getvariable('min_support'), 5)
order by all
