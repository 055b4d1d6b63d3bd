"""What Dagster needs besides assets: versions, resources, jobs, metadata, the run log."""
