"""Status transformers: scripts that turn what a device says into what people read."""
