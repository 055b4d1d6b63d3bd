-- grain: one row per cluster that the report lists: of each kind the 12 most prevalent and the 8 most interesting
-- removed features do not count; a cluster is scored as interesting from three transcripts on
with counted as (
    select
        kind,
        cluster_id,
        label,
        description,
        interest,
        coalesce(n_transcripts_clean, n_transcripts) as n_transcripts,
        n_rated_transcripts,
        coalesce(prevalence_clean, prevalence) as prevalence,
        coalesce(prevalence_clean_low, prevalence_low) as prevalence_low,
        coalesce(prevalence_clean_high, prevalence_high) as prevalence_high,
        n_transcripts as n_transcripts_raw,
        prevalence as prevalence_raw,
        n_transcripts_affirmed,
        n_transcripts_denied,
        has_both_senses,
        n_features,
        coherence
    from clean_prevalence
    where not is_private
),

ranked as (
    select
        *,
        interest is not null and n_transcripts >= 3 as is_scored,
        row_number() over (
            partition by kind order by n_transcripts desc, n_transcripts_raw desc, cluster_id asc
        ) as prevalence_rank,
        row_number() over (
            partition by kind, is_scored order by interest desc, n_transcripts desc, cluster_id asc
        ) as rank_by_interest
    from counted
)

select
    * exclude (is_scored, rank_by_interest), -- noqa: AM04
    if(is_scored, rank_by_interest, null) as interest_rank
from ranked
where prevalence_rank <= 12 or interest_rank <= 8
