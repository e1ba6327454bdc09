"""Limits and intervals of devices."""

from __future__ import annotations

from datetime import timedelta

# Devices check in every few minutes; two missed calls make one offline.
CHECKIN_INTERVAL = timedelta(minutes=7, seconds=30)
USUAL_INTERVAL = int(CHECKIN_INTERVAL.total_seconds())
# Seconds that people may expect between two check-ins, and that a device may be seen to keep.
SHORTEST_INTERVAL = 10
LONGEST_INTERVAL = 7 * 86_400
MAX_TAGS = 20
MESH_ID_MAX_LENGTH = 64
# As many ids as a check-in can name, and a connection to the broker is allowed.
MAX_MESHES = 50
MAX_RULE = 2000
