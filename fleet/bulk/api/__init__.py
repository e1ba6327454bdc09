"""REST of bulk jobs."""
