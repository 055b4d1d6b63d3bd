-- grain: one row per probed cluster whose F1 beats all of its baselines: what in the user's turns predicts it
with weights as (
    select
        probes.target_cluster_id,
        unnest(probes.top_weights) as top
    from probes
),

predictors as (
    select
        weights.target_cluster_id,
        list(
            if(struct_extract(weights.top, 'weight') < 0, 'not: ', '')
            || coalesce(cluster_names.label, struct_extract(weights.top, 'cluster_id'))
            order by abs(struct_extract(weights.top, 'weight')) desc
        ) as predicted_by
    from weights
    left join cluster_names on struct_extract(weights.top, 'cluster_id') = cluster_names.cluster_id
    group by weights.target_cluster_id
),

scored as (
    select
        probes.*,
        greatest(probes.baseline_prior_f1, probes.baseline_length_f1, probes.baseline_shuffled_f1) as best_baseline_f1
    from probes
)

select
    scored.target_kind,
    scored.target_cluster_id,
    cluster_names.label,
    scored.f1,
    scored.best_baseline_f1,
    scored.precision,
    scored.recall,
    scored.average_precision,
    scored.base_rate,
    scored.n_positive,
    predictors.predicted_by
from scored
left join predictors on scored.target_cluster_id = predictors.target_cluster_id
left join cluster_names on scored.target_cluster_id = cluster_names.cluster_id
where scored.f1 > scored.best_baseline_f1
order by scored.f1 - scored.best_baseline_f1 desc, scored.target_cluster_id asc
