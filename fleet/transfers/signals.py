"""What a transfer tells other parts of the console."""

from __future__ import annotations

from django.dispatch import Signal

# Inside the transaction that moves a device, after it moved: what is open for it is to be settled.
# Arguments: actor, device (of its new organization), former (the organization it was of).
device_moved = Signal()
