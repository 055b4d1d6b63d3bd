-- grain: one row per cluster of the codebook: prevalence when asked for and when listed freely, on the same texts
-- `kappa` is Cohen's kappa between the two; `ratio` is prevalence when asked for over prevalence when listed
with asked as (
    select
        codebook.kind,
        codebook.cluster_id,
        codebook.model,
        pieces.piece_id,
        pieces.transcript_id,
        codebook.is_shown
    from codebook
    inner join pieces on codebook.kind = pieces.kind and codebook.text_hash = pieces.text_hash
    where codebook.is_shown is not null
),

compared as (
    select
        asked.kind,
        asked.cluster_id,
        asked.model,
        asked.transcript_id,
        bool_or(asked.is_shown) as is_shown,
        bool_or(piece_clusters.piece_id is not null) as is_listed
    from asked
    left join piece_clusters
        on asked.piece_id = piece_clusters.piece_id and asked.cluster_id = piece_clusters.cluster_id
    group by asked.kind, asked.cluster_id, asked.model, asked.transcript_id
),

counted as (
    select
        kind,
        cluster_id,
        model,
        count(*) as n,
        count(*) filter (where is_shown) as n_shown,
        count(*) filter (where is_listed) as n_listed,
        count(*) filter (where is_shown and is_listed) as n_both,
        count(*) filter (where not is_shown and not is_listed) as n_neither
    from compared
    group by kind, cluster_id, model
)

select
    counted.kind,
    counted.cluster_id,
    cluster_names.label,
    cluster_interest.interest,
    counted.model as asked_of,
    counted.n as n_transcripts_asked,
    counted.n_shown,
    counted.n_shown / counted.n as prevalence_asked,
    wilson_low(counted.n_shown, counted.n) as prevalence_asked_low,
    wilson_high(counted.n_shown, counted.n) as prevalence_asked_high,
    counted.n_listed,
    counted.n_listed / counted.n as prevalence_listed,
    wilson_low(counted.n_listed, counted.n) as prevalence_listed_low,
    wilson_high(counted.n_listed, counted.n) as prevalence_listed_high,
    counted.n_both,
    counted.n_shown / nullif(counted.n_listed, 0) as ratio,
    (
        (counted.n_both + counted.n_neither) / counted.n
        - (counted.n_shown * counted.n_listed + (counted.n - counted.n_shown) * (counted.n - counted.n_listed))
        / (counted.n * counted.n)
    )
    / nullif(
        1
        - (counted.n_shown * counted.n_listed + (counted.n - counted.n_shown) * (counted.n - counted.n_listed))
        / (counted.n * counted.n),
        0
    ) as kappa
from counted
left join cluster_names on counted.cluster_id = cluster_names.cluster_id
left join cluster_interest on counted.cluster_id = cluster_interest.cluster_id
