"""What is kept of a device that was released. Django finds it through devices.models."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from core.models import UidModel
from core.scoping import ScopedQuerySet
from devices.icons import USUAL_ICON


class ReleasedDevice(UidModel):
    """A device that the organization let go of: what people had decided about it.

    Its id and MAC address are free for whoever it calls with a key of. `called_at` is when it
    last called with a key of this organization all the same, and was refused.
    """

    scope_path = "organization"
    conceals = ("source",)

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    udid = models.UUIDField("device id", db_index=True)
    alias = models.CharField(max_length=80)
    mac = models.CharField("MAC address", max_length=40, blank=True, db_index=True)
    platform = models.CharField(max_length=40)
    source = models.ForeignKey("builds.Source", models.SET_NULL, null=True, related_name="+")
    auto_update = models.BooleanField(default=False)
    checkin_interval = models.PositiveIntegerField(null=True)
    description = models.TextField(max_length=2000, blank=True)
    icon = models.CharField(max_length=40, default=USUAL_ICON)
    category = models.CharField(max_length=40, blank=True)
    tags = models.JSONField(default=list)
    timezone_name = models.CharField(max_length=40, blank=True)
    mesh_ids = models.JSONField(default=list)
    released_at = models.DateTimeField(auto_now_add=True)
    released_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True)
    called_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ("view", "delete")
        permissions = [("reclaim_releaseddevice", "Can re-claim the released device")]
        ordering = ["-released_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "udid"], name="released_once")
        ]

    def __str__(self) -> str:
        return self.alias

    def get_absolute_url(self) -> str:
        """Return the list: one has no page of its own."""
        return reverse("devices:releaseddevice_list")

    @property
    def second_line(self) -> str:
        """Return what stands below the name in lists."""
        return f"{self.udid}"
