"""States of a build, and which may follow which."""

from __future__ import annotations

from django.db import models


class BuildStatus(models.TextChoices):
    """Where a build stands. The last four are final."""

    QUEUED = "queued", "Queued"
    PREPARING = "preparing", "Preparing"
    CLONING = "cloning", "Cloning"
    BUILDING = "building", "Building"
    PUBLISHING = "publishing", "Publishing"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    CANCELLED = "cancelled", "Cancelled"


S = BuildStatus
WORKING = (S.PREPARING, S.CLONING, S.BUILDING, S.PUBLISHING)
CANCELLABLE = (S.QUEUED, S.PREPARING, S.CLONING, S.BUILDING)
UNFINISHED = (S.QUEUED, *WORKING)
FINAL = (S.SUCCEEDED, S.FAILED, S.ERRORED, S.CANCELLED)

# target -> the states it may be reached from. Nothing leaves a final state.
ALLOWED_FROM: dict[str, tuple[str, ...]] = {
    S.PREPARING: (S.QUEUED,),
    S.CLONING: (S.PREPARING,),
    S.BUILDING: (S.CLONING,),
    S.PUBLISHING: (S.BUILDING,),
    S.SUCCEEDED: (S.PUBLISHING,),
    S.FAILED: WORKING,
    S.ERRORED: UNFINISHED,
    S.CANCELLED: CANCELLABLE,
}
