"""Bulk jobs of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from typing import ClassVar

from accounts.belongings import Belongings, belongings
from fleet.bulk.models import BulkJob


@belongings.register
class BulkJobs(Belongings):
    """What was asked of how many devices, and what became of them."""

    slug = "bulk-jobs"
    one = "bulk job"
    many = "bulk jobs"
    order = 5
    model = BulkJob
    fields: ClassVar = (
        "uid",
        "action",
        "params",
        "state",
        "total",
        "done",
        "failed",
        "skipped",
        "created_at",
        "ended_at",
    )
