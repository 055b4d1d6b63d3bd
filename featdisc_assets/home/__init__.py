"""A home: where its files are, and the settings it keeps."""
