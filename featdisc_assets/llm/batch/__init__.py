"""Batch mode: questions handed in as files, answers collected hours later."""
