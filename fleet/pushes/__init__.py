"""Configuration pushes: values for devices to take over while they run."""
