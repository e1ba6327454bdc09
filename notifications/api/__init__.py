"""REST of notifications."""
