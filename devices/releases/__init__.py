"""Devices that an organization let go of, and how they come back."""
