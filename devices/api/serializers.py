"""How the API shows and takes devices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from accounts.api.ownership import OwnedSerializer
from core.api.serializers import (
    HrefField,
    ScopedModelSerializer,
    ScopedSerializer,
    UidRelatedField,
)
from devices.constants import MAX_RULE, MAX_TAGS, MESH_ID_MAX_LENGTH
from devices.forms import TAG
from devices.icons import ICONS
from devices.models import Device, DeviceState, Mesh
from devices.presence import presence_of
from devices.timezones import zone_names


class DeviceStateSerializer(ScopedModelSerializer):
    """What the device last said, and how far its update came."""

    presence = serializers.SerializerMethodField()
    installed_build = UidRelatedField(read_only=True)
    offered_build = UidRelatedField(read_only=True)
    timezone_offset = serializers.FloatField(source="utc_offset", read_only=True)

    class Meta:
        model = DeviceState
        fields = (
            "presence",
            "last_seen_at",
            "checkins",
            "firmware",
            "version",
            "commit",
            "checksum",
            "status",
            "level",
            "status_raw",
            "status_error",
            "rssi",
            "snr",
            "station",
            "lat",
            "lon",
            "timezone_name",
            "timezone_offset",
            "address",
            "installed_build",
            "installed_at",
            "offered_build",
            "offered_at",
            "offer_state",
        )
        read_only_fields = fields

    def get_presence(self, state: DeviceState) -> str:
        """Return online, late, offline or never_seen."""
        return presence_of(state)


class DeviceSerializer(OwnedSerializer):
    """A device: what people decided about it, and below `state` what it says itself."""

    href = HrefField("api:device-detail")
    mac = serializers.CharField(max_length=64, required=False, allow_blank=True)
    tags = serializers.ListField(
        child=serializers.RegexField(TAG, max_length=40), max_length=MAX_TAGS, required=False
    )
    icon = serializers.ChoiceField(choices=[*ICONS], required=False)
    timezone_name = serializers.ChoiceField(
        choices=[*zone_names()],
        required=False,
        allow_blank=True,
        write_only=True,
        help_text="Where the device stands; empty: what it says itself. Read it in `state`.",
    )
    meshes = serializers.SerializerMethodField(help_text="Those that you may see.")
    state = DeviceStateSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Device
        fixed = ("organization",)
        fields = (
            "href",
            "uid",
            "organization",
            "alias",
            "mac",
            "platform",
            "source",
            "auto_update",
            "checkin_interval",
            "description",
            "icon",
            "timezone_name",
            "category",
            "tags",
            "meshes",
            "created_at",
            "state",
        )
        read_only_fields = ("uid", "created_at")

    def get_meshes(self, device: Any) -> list[UUID]:
        """Return the uids of those that the viewset found to be visible."""
        return [mesh.uid for mesh in device.visible_meshes]


class MeshSerializer(OwnedSerializer):
    """A group of devices with the last level of the topic that they share."""

    href = HrefField("api:mesh-detail")
    mesh_id = serializers.CharField(
        max_length=MESH_ID_MAX_LENGTH, required=False, help_text="Left out: a random one."
    )
    alias = serializers.CharField(max_length=80, required=False, help_text="Left out: the id.")
    rule = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_RULE,
        help_text="Filters of the list of devices, such as `tag=pump&seen=online`: those that "
        "match are in. Empty: devices are attached one by one.",
    )
    topic = serializers.CharField(read_only=True)
    device_count = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = Mesh
        fixed = ("organization", "mesh_id")
        fields = (
            "href",
            "uid",
            "organization",
            "mesh_id",
            "alias",
            "description",
            "rule",
            "topic",
            "device_count",
            "created_at",
        )
        read_only_fields = ("uid", "created_at")


class MeshRuleSerializer(ScopedSerializer):
    """A rule to try."""

    rule = serializers.CharField(max_length=MAX_RULE)


class MeshPreviewSerializer(serializers.Serializer):
    """Who would be in with a rule; some of them by name."""

    count = serializers.IntegerField()
    joining = serializers.IntegerField()
    leaving = serializers.IntegerField()
    devices = serializers.ListField(child=serializers.UUIDField(), source="uids")


class MeshDeviceSerializer(ScopedSerializer):
    """Which device joins or leaves."""

    device = UidRelatedField(queryset=Device.objects.select_related("organization"))
