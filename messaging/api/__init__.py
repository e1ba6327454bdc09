"""REST of questions."""
