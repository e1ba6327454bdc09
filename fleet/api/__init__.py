"""REST of the fleet app."""
