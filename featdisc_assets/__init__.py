"""featdisc: find out from transcripts alone what a language model does."""
