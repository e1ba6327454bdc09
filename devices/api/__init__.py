"""REST of devices."""
