"""The command line, over the same assets and the same warehouse as the UI."""
