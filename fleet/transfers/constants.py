"""Names and limits of transfers."""

from __future__ import annotations

from datetime import timedelta

MOVE_TASK = "fleet.transfer_move"
SWEEP_TASK = "fleet.transfer_sweep"

MAX_DEVICES = 1000
# How long the recipient has, and for the rest once a part was accepted (THiNX: 24 h and 3600 s).
ANSWER_WITHIN = timedelta(hours=24)
REST_WITHIN = timedelta(hours=1)
# What failed can be tried again for so long after the answer.
RETRY_WITHIN = timedelta(hours=24)
# Each one sends a mail to somebody who did not ask for it.
REQUESTS_PER_HOUR = 30
MOST_ADMINS_TOLD = 20
EXPIRE_PORTION = 200
