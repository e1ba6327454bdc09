"""States of a rollout and of each of its devices, and which may follow which."""

from __future__ import annotations

from django.db import models


class RolloutState(models.TextChoices):
    """Where a rollout stands. The last three are over, though two of them can be taken up again."""

    DRAFT = "draft", "Draft"
    AWAITING = "awaiting", "Awaiting approval"
    SCHEDULED = "scheduled", "Scheduled"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    HALTED = "halted", "Halted"
    ROLLING_BACK = "rolling_back", "Rolling back"
    COMPLETED = "completed", "Completed"
    ABORTED = "aborted", "Aborted"
    ROLLED_BACK = "rolled_back", "Rolled back"


class TargetState(models.TextChoices):
    """How far a device came. Released ones wait for the device to call; the last four are ends."""

    PENDING = "pending", "Pending"
    BUILDING = "building", "Building"
    RELEASED = "released", "Waits for check-in"
    OFFERED = "offered", "Offered"
    DOWNLOADING = "downloading", "Downloading"
    DOWNLOADED = "downloaded", "Downloaded"
    RETURNING = "returning", "Rolling back"
    INSTALLED = "installed", "Installed"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"
    ROLLED_BACK = "rolled_back", "Rolled back"


R, T = RolloutState, TargetState

# target -> the states it may be reached from.
ALLOWED_FROM: dict[str, tuple[str, ...]] = {
    R.AWAITING: (R.DRAFT,),
    R.SCHEDULED: (R.DRAFT, R.AWAITING),
    R.RUNNING: (R.DRAFT, R.AWAITING, R.SCHEDULED, R.PAUSED, R.HALTED, R.COMPLETED),
    R.PAUSED: (R.SCHEDULED, R.RUNNING),
    R.HALTED: (R.RUNNING,),
    R.ROLLING_BACK: (R.RUNNING, R.PAUSED, R.HALTED, R.COMPLETED, R.ABORTED),
    R.COMPLETED: (R.RUNNING,),
    R.ABORTED: (R.AWAITING, R.SCHEDULED, R.RUNNING, R.PAUSED, R.HALTED, R.ROLLING_BACK),
    R.ROLLED_BACK: (R.ROLLING_BACK,),
}
# The engine looks at these; in all others nothing moves but by a person or a late device.
MOVING = (R.SCHEDULED, R.RUNNING, R.PAUSED, R.HALTED, R.ROLLING_BACK)
DELETABLE = (R.DRAFT, R.AWAITING, R.COMPLETED, R.ABORTED, R.ROLLED_BACK)

IN_FLIGHT = (T.OFFERED, T.DOWNLOADING, T.DOWNLOADED)
# One of these at a time for each device, held by a partial unique constraint.
OPEN = (T.BUILDING, T.RELEASED, T.OFFERED, T.DOWNLOADING, T.DOWNLOADED, T.RETURNING)
ENDED = (T.INSTALLED, T.FAILED, T.SKIPPED, T.ROLLED_BACK)
