"""Measurements, each as a ratio to a reference of the same run. `make bench` runs them all."""
