"""States of a bulk job and of its items, and which may follow which."""

from __future__ import annotations

from django.db import models


class JobState(models.TextChoices):
    """How far a job is. The last two are over; *retry* queues them again."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class ItemState(models.TextChoices):
    """How far one device is. The last three are over."""

    PENDING = "pending", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


J = JobState
OPEN_JOBS = (J.QUEUED, J.RUNNING)
OPEN_ITEMS = (ItemState.PENDING, ItemState.RUNNING)

# target -> the states it may be reached from.
ALLOWED_FROM: dict[str, tuple[str, ...]] = {
    J.RUNNING: (J.QUEUED,),
    J.DONE: OPEN_JOBS,
    J.CANCELLED: OPEN_JOBS,
    J.QUEUED: (J.DONE, J.CANCELLED),
}
