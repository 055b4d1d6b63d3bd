"""Batch mode: requests uploaded as files, answers collected hours later."""
