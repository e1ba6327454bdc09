"""Devices that are gone for too long, or say that something is wrong: noticed once, and told."""
