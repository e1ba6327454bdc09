"""Devices that change hands: asked for, answered, moved one by one, and proved."""
