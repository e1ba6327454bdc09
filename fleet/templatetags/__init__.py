"""Template tags of the fleet app."""
