"""All writes of the fleet app."""
