-- grain: one row: totals, and the range of the transcripts' dates
select
    (select count(*) from transcripts) as n_transcripts,
    (select count(distinct model) from transcripts) as n_models,
    (select count(distinct source) from transcripts) as n_sources,
    (select count(*) - count(created_at) from transcripts) as n_undated,
    (select min(cast(created_at as date)) from transcripts) as first_day,
    (select max(cast(created_at as date)) from transcripts) as last_day,
    (select count(*) from turns) as n_turns,
    (select count(*) from pieces) as n_pieces,
    (select count(*) from rated_pieces) as n_rated_pieces,
    (select count(*) from vocabulary) as n_features,
    (select count(*) from features) as n_mentions,
    (select count(*) from clusters) as n_clusters,
    (select count(*) from cluster_members) as n_clustered,
    (select count(*) - count(cluster_id) from cluster_members) as n_unassigned,
    (select count(*) from ratings) as n_attempts,
    (select coalesce(sum(n_unpriced), 0) from spend) as n_unpriced,
    (select coalesce(sum(cost_usd), 0) from ratings) as cost_usd
