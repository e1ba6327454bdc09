"""What is wrong with which device, for as long as it is."""

from __future__ import annotations

from django.db import models

from core.scoping import ScopedQuerySet


class Trouble(models.TextChoices):
    """What may be wrong."""

    OFFLINE = "offline", "Offline"
    ERROR = "error", "Error"


class DeviceTrouble(models.Model):
    """One thing that is wrong with a device; the row goes when it is over.

    That there is a row is what makes each outage and each error be told once. `told` are the
    waiting times, as people chose them, of whom was told of an outage; `due_at` is when the next of
    them are told.
    """

    scope_path = "device__organization"

    device = models.ForeignKey("devices.Device", models.CASCADE, related_name="troubles")
    what = models.CharField(max_length=8, choices=Trouble.choices)
    since = models.DateTimeField()
    told = models.JSONField(default=list)
    due_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["what", "device"], name="trouble_once_per_device")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="trouble_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.device_id} is in trouble: {self.what}"
