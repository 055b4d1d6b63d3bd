"""Tests of association and of differences, and logistic regression: arrays in and out."""
