"""REST of the history."""
