-- grain: one row per probe without scores or a reason, or with impossible scores
select
    target_cluster_id,
    inputs,
    f1,
    reason
from probes
where
    (f1 is null) = (reason is null)
    or f1 not between 0 and 1
    or isnan(coalesce(f1, 0) + coalesce(average_precision, 0) + coalesce(brier, 0) + coalesce(margin, 0))
    or abs(f1 - coalesce(2 * precision * recall / nullif(precision + recall, 0), 0)) > 1e-6
    or margin_low > margin_high
    or n_tested > n_transcripts
