-- grain: one row per kind of piece: pieces, rated pieces, features and clusters
with kinds as (
    select
        unnest(['user', 'thought', 'response', 'tool']) as kind,
        unnest([1, 2, 3, 4]) as place
),

vocabularies as (
    select
        kind,
        count(*) as n_features
    from vocabulary
    group by kind
),

clusterings as (
    select
        kind,
        count(*) as n_clusters
    from clusters
    group by kind
)

select
    kinds.kind,
    count(pieces.piece_id) as n_pieces,
    count(distinct pieces.transcript_id) as n_transcripts,
    coalesce(any_value(rated_kinds.n_rated_pieces), 0) as n_rated_pieces,
    coalesce(any_value(rated_kinds.n_rated_transcripts), 0) as n_rated_transcripts,
    coalesce(any_value(vocabularies.n_features), 0) as n_features,
    coalesce(any_value(clusterings.n_clusters), 0) as n_clusters
from kinds
left join pieces on kinds.kind = pieces.kind
left join rated_kinds on kinds.kind = rated_kinds.kind
left join vocabularies on kinds.kind = vocabularies.kind
left join clusterings on kinds.kind = clusterings.kind
group by kinds.kind, kinds.place
having kinds.kind <> 'tool' or count(pieces.piece_id) > 0
order by kinds.place
