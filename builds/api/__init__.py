"""REST of sources, builds and artifacts."""
