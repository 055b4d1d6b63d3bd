"""Benchmarks of time, memory and quality. Run them by hand; tests use small versions."""
