-- grain: one row per cluster and model: the clusters that differ most between models, at q < 0.05
with strongest as (
    select
        group_contrasts.cluster_id,
        max(greatest(group_contrasts.odds_ratio_low, 1 / group_contrasts.odds_ratio_high)) as strength
    from group_contrasts
    anti join private_clusters on group_contrasts.cluster_id = private_clusters.cluster_id
    where group_contrasts.grouped_by = 'model' and group_contrasts.q_value < 0.05
    group by group_contrasts.cluster_id
    order by strength desc, group_contrasts.cluster_id asc
    limit 18
),

models as (
    select
        model,
        count(*) as n_transcripts
    from transcripts
    where model is not null
    group by model
    order by n_transcripts desc, model asc
    limit 8
)

select
    prevalence_by_model.kind,
    prevalence_by_model.cluster_id,
    prevalence_by_model.label,
    prevalence_by_model.model,
    prevalence_by_model.n_transcripts,
    prevalence_by_model.n_rated_transcripts,
    prevalence_by_model.prevalence,
    group_contrasts.difference,
    group_contrasts.odds_ratio,
    group_contrasts.q_value,
    group_contrasts.design,
    coalesce(group_contrasts.q_value < 0.05, false) as is_different,
    group_contrasts.k_out / nullif(group_contrasts.n_out, 0) as elsewhere
from prevalence_by_model
inner join strongest on prevalence_by_model.cluster_id = strongest.cluster_id
inner join models on prevalence_by_model.model = models.model
left join group_contrasts
    on
        prevalence_by_model.cluster_id = group_contrasts.cluster_id
        and prevalence_by_model.model = group_contrasts.group_value
        and group_contrasts.grouped_by = 'model'
order by
    strongest.strength desc,
    prevalence_by_model.cluster_id asc,
    models.n_transcripts desc,
    models.model asc
