"""REST of configuration pushes."""
