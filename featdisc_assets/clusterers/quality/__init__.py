"""Measures of the quality of clusters: stability, wording, and themes that no cluster is about."""
