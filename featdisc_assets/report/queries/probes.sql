-- grain: one row per probe worth reading: the twelve with the largest margin over every baseline, by its lower end
with weights as (
    select
        target_cluster_id,
        inputs,
        unnest(top_weights) as weight,
        generate_subscripts(top_weights, 1) as place
    from probes
),

predictors as (
    select
        weights.target_cluster_id,
        weights.inputs,
        list(
            struct_pack(
                label := coalesce(cluster_names.label, struct_extract(weights.weight, 'cluster_id')),
                weight := struct_extract(weights.weight, 'weight')
            )
            order by weights.place
        ) as top_weights
    from weights
    left join cluster_names on struct_extract(weights.weight, 'cluster_id') = cluster_names.cluster_id
    group by weights.target_cluster_id, weights.inputs
)

select
    worth.target_kind,
    worth.target_cluster_id,
    worth.inputs,
    worth.label,
    worth.f1,
    probes.baseline_prior_f1 as prior_f1,
    probes.baseline_length_f1 as length_f1,
    probes.baseline_shuffled_f1 as shuffled_f1,
    worth.margin_low,
    worth.margin_high,
    worth.average_precision,
    worth.q_value,
    worth.precision,
    worth.recall,
    probes.n_positive,
    probes.n_transcripts,
    coalesce(predictors.top_weights, []) as top_weights
from probes_worth_reading as worth
inner join probes on worth.target_cluster_id = probes.target_cluster_id and worth.inputs = probes.inputs
left join predictors on worth.target_cluster_id = predictors.target_cluster_id and worth.inputs = predictors.inputs
anti join private_clusters on worth.target_cluster_id = private_clusters.cluster_id
order by worth.margin_low desc, worth.target_cluster_id asc, worth.inputs asc
limit 12
