-- grain: one row per cluster of the report and example: the beginning of three of its pieces
select
    cluster_examples.cluster_id,
    cluster_examples.feature,
    cluster_examples.transcript_id,
    cluster_examples.model,
    cluster_examples.excerpt
from cluster_examples
semi join report_clusters on cluster_examples.cluster_id = report_clusters.cluster_id
where cluster_examples.example <= 3
order by cluster_examples.cluster_id, cluster_examples.example
