"""Reads and writes of tables that several assets share."""
