"""Training of adapters on groups of phrases that mean one behaviour."""
