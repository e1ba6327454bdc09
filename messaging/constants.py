"""Limits of what is kept and sent."""

from __future__ import annotations

from datetime import timedelta

KEPT_FOR = timedelta(hours=24)
KEPT_PER_DEVICE = 200
# A device is pruned each time it has said this much more.
PRUNED_EVERY = 50
KEPT_BYTES = 8_192
LONGEST_PAYLOAD = 65_536
# A command that no bridge took in time must not reach a device hours later.
SENT_WITHIN = timedelta(minutes=10)
