"""Rollouts, and how far each came on each device."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from core.models import UidModel
from core.scoping import ScopedQuerySet
from fleet.rollouts.choices import OPEN, RolloutState, TargetState
from fleet.rollouts.plans import Plan


class Rollout(UidModel):
    """Firmware for many devices: one build for all of them, or of a source one build for each.

    Moves only by compare-and-set (fleet.rollouts.services). `plan` is what `Plan` reads; `wave` is
    the one that is out now, from 1, and 0 before the first. `is_open` says that the time window
    was open when the engine last looked. Failures count against the limits since `judged_from`.
    `is_automatic` was begun by the default plan of its source; there is one of a build.
    """

    scope_path = "organization"
    conceals = ("source", "build")

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    name = models.CharField(max_length=80)
    source = models.ForeignKey("builds.Source", models.SET_NULL, null=True, related_name="+")
    build = models.ForeignKey("builds.Build", models.SET_NULL, null=True, related_name="+")
    is_per_device = models.BooleanField(default=False)
    is_automatic = models.BooleanField(default=False)
    commit = models.CharField(max_length=64, blank=True)
    state = models.CharField(
        max_length=16, choices=RolloutState.choices, default=RolloutState.DRAFT
    )
    reason = models.CharField(max_length=300, blank=True)
    plan = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    waves = models.PositiveSmallIntegerField(default=0)
    wave = models.PositiveSmallIntegerField(default=0)
    is_open = models.BooleanField(default=True)
    starts_at = models.DateTimeField(null=True)
    paced_at = models.DateTimeField(null=True)
    wave_ended_at = models.DateTimeField(null=True)
    judged_from = models.DateTimeField(null=True)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    started_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    approved_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("run_rollout", "Can start, pause, resume and abort a rollout"),
            ("approve_rollout", "Can approve a rollout"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["build"],
                condition=Q(is_automatic=True),
                name="rollout_automatic_once_per_build",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="rollout_by_org"),
            models.Index(fields=["state"], name="rollout_by_state"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the rollout's page."""
        return reverse("fleet:rollout", kwargs={"uid": self.uid})

    @property
    def rules(self) -> Plan:
        """Return the plan as an object."""
        return Plan.of(self.plan)

    @property
    def second_line(self) -> str:
        """Return what stands below the name in lists."""
        return self.reason


class RolloutPlan(UidModel):
    """The default plan of a source: while it is on, each new build for many rolls out by it.

    It goes to the devices of the source that update by themselves. `taken` is the number of the
    newest build that was considered; it only grows, by compare-and-set, so a build goes out once.
    """

    scope_path = "organization"
    conceals = ("source",)

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    source = models.OneToOneField("builds.Source", models.CASCADE, related_name="rollout_plan")
    is_on = models.BooleanField(default=True)
    plan = models.JSONField(default=dict)
    taken = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "default plan"
        ordering = ["source__alias", "pk"]

    def __str__(self) -> str:
        return f"Default plan of {self.source}"

    def get_absolute_url(self) -> str:
        """Return the tab of the source that shows it."""
        return reverse("builds:source_rollouts", kwargs={"uid": self.source.uid})

    @property
    def rules(self) -> Plan:
        """Return the plan as an object."""
        return Plan.of(self.plan)


class RolloutTarget(UidModel):
    """One device of a rollout.

    `position` orders the devices; `wave` follows from it by the plan. `previous_build` is what ran
    when the device was released, and what a roll-back returns to. `message` is the device's own
    words when it failed, ours when it was skipped. `bytes` of the download are noted coarsely.
    """

    scope_path = "rollout__organization"
    conceals = ("device",)

    rollout = models.ForeignKey(Rollout, models.CASCADE, related_name="targets")
    device = models.ForeignKey("devices.Device", models.CASCADE, related_name="rollout_targets")
    position = models.PositiveIntegerField()
    wave = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=16, choices=TargetState.choices, default=TargetState.PENDING
    )
    build = models.ForeignKey("builds.Build", models.SET_NULL, null=True, related_name="+")
    previous_build = models.ForeignKey("builds.Build", models.SET_NULL, null=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    message = models.CharField(max_length=400, blank=True)
    released_at = models.DateTimeField(null=True)
    offered_at = models.DateTimeField(null=True)
    downloaded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "rollout target"
        default_permissions = ("view",)
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "device"], name="rollout_once_per_device"),
            models.UniqueConstraint(
                fields=["device"],
                condition=Q(state__in=OPEN),
                name="rollout_one_open_per_device",
            ),
        ]
        indexes = [
            models.Index(fields=["rollout", "wave", "state"], name="target_by_wave"),
            models.Index(fields=["rollout", "state", "position"], name="target_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.device}"
