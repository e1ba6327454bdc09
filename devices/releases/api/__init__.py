"""REST of released devices."""
