"""What was asked of many devices, and what became of each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from core.models import UidModel
from core.scoping import ScopedQuerySet
from fleet.bulk.choices import OPEN_ITEMS, OPEN_JOBS, ItemState, JobState
from fleet.bulk.registry import bulk_actions


class BulkJob(UidModel):
    """One action on many devices, in the name of `started_by`: whoever started or retried it last.

    `verified`, `ceiling`, `credential` and `impersonator` are what that person came with; the job
    can do no more than that, and no more than the person may at that moment. `params` are the
    fields of the action's form as they were sent. `total` and the counts beside it follow the
    items. `seen_at` is when a worker last said that it is at it.
    """

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    action = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.QUEUED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    started_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="bulk_jobs"
    )
    impersonator = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    ceiling = models.ForeignKey(
        "accounts.Organization", models.CASCADE, null=True, related_name="+"
    )
    credential = models.CharField(max_length=200, blank=True)
    verified = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ("view", "add")
        permissions = [
            ("cancel_bulkjob", "Can cancel the bulk job"),
            ("retry_bulkjob", "Can retry the bulk job"),
        ]
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="bulkjob_by_age"),
            models.Index(
                fields=["seen_at"], condition=Q(state__in=OPEN_JOBS), name="bulkjob_by_silence"
            ),
        ]

    def __str__(self) -> str:
        count = f"{self.total:,} device{'' if self.total == 1 else 's'}"
        return f"{self.label}: {count}"

    def get_absolute_url(self) -> str:
        """Return the page that shows how far it is."""
        return reverse("fleet:bulkjob", kwargs={"uid": self.uid})

    @property
    def label(self) -> str:
        """Return what the action is called, also when this version no longer has it."""
        return bulk_actions.get(self.action).label if self.action in bulk_actions else self.action

    @property
    def is_open(self) -> bool:
        """Tell whether it is still at it."""
        return self.state in OPEN_JOBS

    @property
    def ended(self) -> int:
        """Return how many devices are over, whatever became of them."""
        return self.done + self.failed + self.skipped


class BulkJobItem(models.Model):
    """One device of a job. The row outlives the device; its organization says who sees it.

    A worker has it while `claim` is its own and `lease_until` is to come.
    """

    scope_path = "organization"

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="items")
    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="+")
    device = models.ForeignKey("devices.Device", models.SET_NULL, null=True, related_name="+")
    device_uid = models.UUIDField()
    device_alias = models.CharField(max_length=80)
    state = models.CharField(max_length=12, choices=ItemState.choices, default=ItemState.PENDING)
    error_code = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=300, blank=True)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["job", "device_uid"], name="bulk_once_per_device")
        ]
        indexes = [
            models.Index(fields=["job", "state", "id"], name="bulkitem_by_state"),
            models.Index(
                fields=["job", "id"], condition=Q(state__in=OPEN_ITEMS), name="bulkitem_open"
            ),
        ]

    def __str__(self) -> str:
        return self.device_alias
