"""Deltas: what turns the firmware a device runs into the one it is to have."""
