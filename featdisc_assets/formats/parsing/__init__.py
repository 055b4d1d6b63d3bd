"""What the adapters share: from a path to rows, and from messages to turns."""
