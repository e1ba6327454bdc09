"""What the core tells the apps above it."""

from __future__ import annotations

from django.dispatch import Signal

# Sent after the key file was changed: `action` ("rotated", "retired"), `key_id`, `retired`.
master_key_changed = Signal()

# Sent once what happened is committed: `metric`, `organization_id` (or None), `by`.
counted = Signal()
