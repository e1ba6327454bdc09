"""What `make run` starts: one machine's processes, started together and ended together."""
