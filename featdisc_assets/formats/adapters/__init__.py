"""One adapter per format: each turns a row into a transcript."""
