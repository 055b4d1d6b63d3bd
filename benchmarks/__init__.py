"""What featdisc costs, measured: run these by hand, never in a test."""
