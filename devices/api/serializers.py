"""How the API shows and takes devices."""

from __future__ import annotations

from rest_framework import serializers

from accounts.api.ownership import OwnedSerializer
from core.api.serializers import HrefField, ScopedModelSerializer, UidRelatedField
from devices.constants import MAX_TAGS
from devices.forms import TAG
from devices.models import Device, DeviceState


class DeviceStateSerializer(ScopedModelSerializer):
    """What the device last said, and how far its update came."""

    installed_build = UidRelatedField(read_only=True)
    offered_build = UidRelatedField(read_only=True)
    timezone_offset = serializers.FloatField(source="utc_offset", read_only=True)

    class Meta:
        model = DeviceState
        fields = (
            "last_seen_at",
            "checkins",
            "firmware",
            "version",
            "commit",
            "checksum",
            "status",
            "level",
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


class DeviceSerializer(OwnedSerializer):
    """A device: what people decided about it, and below `state` what it says itself."""

    href = HrefField("api:device-detail")
    mac = serializers.CharField(max_length=64, required=False, allow_blank=True)
    tags = serializers.ListField(
        child=serializers.RegexField(TAG, max_length=40), max_length=MAX_TAGS, required=False
    )
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
            "description",
            "category",
            "tags",
            "created_at",
            "state",
        )
        read_only_fields = ("uid", "created_at")
