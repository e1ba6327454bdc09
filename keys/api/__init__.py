"""REST of keys and environment variables."""
