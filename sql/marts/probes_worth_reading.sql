-- grain: one row per probed cluster whose F1 beats all of its baselines: what about the user's turns predicts it
select
    probes.target_kind,
    probes.target_cluster_id,
    cluster_names.label,
    probes.f1,
    greatest(probes.baseline_prior_f1, probes.baseline_length_f1, probes.baseline_shuffled_f1) as best_baseline_f1,
    probes.precision,
    probes.recall,
    probes.average_precision,
    probes.base_rate,
    probes.n_positive,
    list_transform(
        probes.top_weights,
        lambda weight: coalesce(labels.by_cluster[weight.cluster_id], weight.cluster_id)
    ) as predicted_by
from probes
left join cluster_names on probes.target_cluster_id = cluster_names.cluster_id
cross join (select map(list(cluster_id), list(label)) as by_cluster from cluster_names) as labels
where probes.f1 > greatest(probes.baseline_prior_f1, probes.baseline_length_f1, probes.baseline_shuffled_f1)
order by probes.f1 - best_baseline_f1 desc, probes.target_cluster_id
