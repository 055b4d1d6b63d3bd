"""A home: the paths of its files, and its settings."""
