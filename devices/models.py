"""Devices, and the narrow row that every check-in writes."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from core.grants import GroupGrant, UserGrant
from core.models import UidModel
from core.scoping import ScopedQuerySet
from devices.constants import (
    LONGEST_INTERVAL,
    MESH_ID_MAX_LENGTH,
    SHORTEST_INTERVAL,
    USUAL_INTERVAL,
)
from devices.icons import USUAL_ICON, validate_icon
from devices.releases import models as releases  # noqa: F401  (Django finds them here)
from devices.timezones import hours_now
from devices.transformers import models as transformers  # noqa: F401  (Django finds them here)
from devices.troubles import models as troubles  # noqa: F401

MESH_ID = RegexValidator(
    # No dot: RabbitMQ cannot tell one from a slash.
    r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z",
    "A mesh id is a level of an MQTT topic: it begins with a letter or digit and holds only "
    "letters, digits, - and _.",
)


class Device(UidModel):
    """One device. Its `uid` is the udid that the device stores and sends.

    `mac` is upper-case with colons, or empty when the device has none worth the name. What a
    check-in changes lives in DeviceState, so that this row stays quiet.
    """

    scope_path = "organization"
    conceals = ("source", "state__installed_build", "state__offered_build")

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    alias = models.CharField(max_length=80)
    mac = models.CharField("MAC address", max_length=40, blank=True)
    platform = models.CharField(
        max_length=40, default="unknown", help_text="name, or name:mcu as the device reports it"
    )
    fcid = models.CharField("flash chip id", max_length=32, blank=True, editable=False)
    source = models.ForeignKey(
        "builds.Source", models.SET_NULL, null=True, blank=True, related_name="devices"
    )
    auto_update = models.BooleanField(
        default=False, help_text="Offer every new build of the source without being asked."
    )
    checkin_interval = models.PositiveIntegerField(
        "expected every",
        null=True,
        blank=True,
        validators=[MinValueValidator(SHORTEST_INTERVAL), MaxValueValidator(LONGEST_INTERVAL)],
        help_text="Seconds between two check-ins; empty: what the device is seen to keep.",
    )
    description = models.TextField(max_length=2000, blank=True)
    icon = models.CharField(max_length=40, default=USUAL_ICON, validators=[validate_icon])
    category = models.CharField(max_length=40, blank=True)
    tags = models.JSONField(default=list, blank=True)
    # What each check-in is told; kept by mesh_services beside the rows of MeshMember.
    mesh_ids = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["alias", "pk"]
        permissions = [
            ("build_device", "Can build firmware for the device"),
            ("configure_device", "Can push configuration to the device"),
            ("publish_device", "Can publish MQTT messages to the device"),
            ("share_device", "Can share the device"),
            ("transfer_device", "Can transfer the device to another organization"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "mac"],
                condition=~models.Q(mac=""),
                name="device_mac_once_per_organization",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "alias", "id"], name="device_by_org_alias"),
            models.Index(fields=["alias", "id"], name="device_by_alias"),
        ]

    def __str__(self) -> str:
        return self.alias

    def get_absolute_url(self) -> str:
        """Return the device's page."""
        return reverse("devices:device", kwargs={"uid": self.uid})

    @property
    def udid(self) -> str:
        """Return the 36-character id of the THiNX protocol."""
        return f"{self.uid}"


class DeviceState(models.Model):
    """What the device last said, one row per device, written by each check-in.

    `installed_build` is the build whose version the device last reported; `offered_build` the
    one it was last told to fetch, and `offer_state` how far that came: offered, downloaded,
    installed, failed.

    `status_raw` is the text as the device said it. Without transformers, `status` and `level` are
    what it reads as; with (`has_chain`), what the last run of the chain made of it, and
    `transform_due_at` says that a run is due since then (in the future: that a worker has it
    until then). `status_error` is why the chain failed, and then `status` is the raw text.
    """

    scope_path = "device__organization"

    device = models.OneToOneField(Device, models.CASCADE, primary_key=True, related_name="state")
    last_seen_at = models.DateTimeField(null=True)
    checkins = models.PositiveBigIntegerField(default=0)
    # devices.presence explains these three.
    kept_interval = models.PositiveIntegerField(default=USUAL_INTERVAL)
    late_at = models.DateTimeField(null=True)
    offline_at = models.DateTimeField(null=True)
    firmware = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=80, blank=True)
    commit = models.CharField(max_length=80, blank=True)
    checksum = models.CharField(max_length=128, blank=True)
    env_hash = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=400, blank=True)
    level = models.CharField(max_length=8, default="ok")
    status_raw = models.CharField(max_length=400, blank=True)
    status_error = models.CharField(max_length=500, blank=True)
    status_error_by = models.ForeignKey(
        "devices.StatusTransformer",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    has_chain = models.BooleanField(default=False)
    transform_due_at = models.DateTimeField(null=True)
    rssi = models.CharField(max_length=16, blank=True)
    snr = models.CharField(max_length=16, blank=True)
    station = models.CharField(max_length=40, blank=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    timezone_name = models.CharField(max_length=40, default="UTC")
    timezone_offset = models.FloatField(default=0)
    push_token = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=64, blank=True)
    last_key_prefix = models.CharField(max_length=8, blank=True)
    installed_build = models.ForeignKey(
        "builds.Build", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    installed_at = models.DateTimeField(null=True)
    offered_build = models.ForeignKey(
        "builds.Build", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    offered_at = models.DateTimeField(null=True)
    offer_state = models.CharField(max_length=16, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["last_seen_at"], name="state_by_last_seen"),
            models.Index(
                fields=["transform_due_at"],
                condition=models.Q(transform_due_at__isnull=False),
                name="state_by_transform_due",
            ),
            models.Index(
                fields=["device"], condition=models.Q(level="error"), name="state_in_error"
            ),
            models.Index(
                fields=["late_at", "offline_at"],
                condition=models.Q(offline_at__isnull=False),
                name="state_by_deadline",
            ),
            # Each check-in writes the row into every index that it belongs to.
            *(
                models.Index(
                    fields=[field],
                    condition=models.Q((f"{field}__isnull", False)),
                    name=f"state_by_{field}",
                )
                for field in ("status_error_by", "installed_build", "offered_build")
            ),
        ]

    def __str__(self) -> str:
        return f"state of {self.device_id}"

    @property
    def utc_offset(self) -> float:
        """Return how many hours east of UTC the device's clock is today."""
        return hours_now(self.timezone_name, self.timezone_offset, timezone.now())


class FormerOwner(models.Model):
    """An organization that gave a device away, so that the device can be told who has it now.

    `alias` and `key_prefix` are what that organization knew last: the device's name there, and
    the key that the device called with.
    """

    scope_path = "device__organization"

    device = models.ForeignKey(Device, models.CASCADE, related_name="former_owners")
    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="+")
    alias = models.CharField(max_length=80)
    key_prefix = models.CharField(max_length=8, blank=True)
    moved_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-moved_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["device", "organization"], name="former_owner_once")
        ]

    def __str__(self) -> str:
        return f"former owner of {self.device_id}"


class Mesh(UidModel):
    """A group of devices that share the MQTT topic `/<owner>/<mesh_id>`.

    The `mesh_id` is a level of that topic and stays as it is; people see the alias. A mesh with a
    `rule` is dynamic: the devices that match it are in, and nobody attaches or detaches any;
    `due_at` is when that is looked at next (devices.mesh_following).
    """

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    mesh_id = models.CharField("mesh id", max_length=MESH_ID_MAX_LENGTH, validators=[MESH_ID])
    alias = models.CharField(max_length=80)
    description = models.TextField(max_length=2000, blank=True)
    # Filters of the list of devices (devices.mesh_rules); "" where people say who is in.
    rule = models.CharField(max_length=2000, blank=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    devices = models.ManyToManyField(
        Device, through="devices.MeshMember", related_name="meshes", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "meshes"
        ordering = ["alias", "pk"]
        permissions = [("share_mesh", "Can share the mesh")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "mesh_id"], name="mesh_id_once_per_organization"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "alias", "id"], name="mesh_by_alias"),
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="mesh_by_due"
            ),
        ]

    def __str__(self) -> str:
        return self.alias

    def get_absolute_url(self) -> str:
        """Return the mesh's page."""
        return reverse("devices:mesh", kwargs={"uid": self.uid})

    @property
    def is_dynamic(self) -> bool:
        """Tell whether a rule says who is in."""
        return bool(self.rule)

    @property
    def second_line(self) -> str:
        """Return what stands below the name in lists."""
        return "" if self.mesh_id == self.alias else self.mesh_id

    @property
    def topic(self) -> str:
        """Return the topic that its devices share."""
        return f"/{self.organization.owner_id}/{self.mesh_id}"


class MeshMember(models.Model):
    """That a device is in a mesh. Both are of one organization."""

    scope_path = "mesh__organization"

    mesh = models.ForeignKey(Mesh, models.CASCADE, related_name="members")
    device = models.ForeignKey(Device, models.CASCADE, related_name="memberships")
    attached_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["mesh", "device"], name="device_once_per_mesh")
        ]

    def __str__(self) -> str:
        return f"{self.device_id} in {self.mesh_id}"


class DeviceUserPermission(UserGrant):
    """A device shared with a person."""

    content_object = models.ForeignKey(Device, models.CASCADE)


class DeviceGroupPermission(GroupGrant):
    """A device shared with a group."""

    content_object = models.ForeignKey(Device, models.CASCADE)


class MeshUserPermission(UserGrant):
    """A mesh shared with a person."""

    content_object = models.ForeignKey(Mesh, models.CASCADE)


class MeshGroupPermission(GroupGrant):
    """A mesh shared with a group."""

    content_object = models.ForeignKey(Mesh, models.CASCADE)
