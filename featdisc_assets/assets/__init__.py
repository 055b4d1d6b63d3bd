"""The assets, in the order of `definitions.py`: from transcripts to the report."""
