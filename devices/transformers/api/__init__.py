"""REST of transformers."""
