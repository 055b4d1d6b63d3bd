"""Tables that several assets read and write."""

# What every count of transcripts per cluster reads.
CLUSTER_TABLES = ("clusters", "cluster_members", "features", "rated_texts")
