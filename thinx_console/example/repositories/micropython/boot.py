"""Runs first on a MicroPython board. This example needs nothing set up."""
