"""Names and limits of bulk actions."""

from __future__ import annotations

WORK_TASK = "fleet.bulk_work"
SWEEP_TASK = "fleet.bulk_sweep"

# So many devices are done while the person waits; more become a job.
AT_ONCE = 50
# A worker takes so many devices at a time, and asks anew for each portion who the actor is.
PORTION = 20
# After so many seconds a task hands on to the next, so that other work has its turn.
TASK_SECONDS = 20.0
# What a worker took and did not end within this is given to another.
LEASE_SECONDS = 30
# Between two counts of how far a job is, and after which silence the sweeper wakes a worker.
COUNT_SECONDS = 1.0
SILENT_SECONDS = 15
MAX_MESSAGE = 300
