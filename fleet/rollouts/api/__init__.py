"""REST of rollouts."""
