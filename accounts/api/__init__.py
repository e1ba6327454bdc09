"""REST of people and organizations."""
