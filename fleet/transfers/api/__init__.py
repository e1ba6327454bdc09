"""REST of transfers."""
