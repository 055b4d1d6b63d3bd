"""The assets, one file a stretch of the way from transcripts to the report."""
