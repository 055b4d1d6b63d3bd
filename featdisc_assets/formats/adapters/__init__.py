"""One adapter a format: rows of a source to transcripts."""
