"""Names and limits of rollouts."""

from __future__ import annotations

ADVANCE_TASK = "fleet.rollouts"

MAX_TARGETS = 100_000
# Builds of one rollout that are on their way at a time.
MAX_BUILDING = 8
PORTION = 1000
# Devices that one list may name.
MAX_NAMED = 10_000
