"""Workflows over devices: configuration pushes; whatever is done to many at once goes here."""
