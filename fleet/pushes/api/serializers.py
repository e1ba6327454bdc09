"""How the API shows and takes configuration pushes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import Organization
from core.api.serializers import HrefField, ScopedModelSerializer, ScopedSerializer, UidRelatedField
from core.views.selection import Selection
from devices.models import Mesh
from fleet.pushes.constants import MAX_VALUE
from fleet.pushes.models import ConfigPush, ConfigReceipt

MOST_DEVICES = 10_000


class ConfigPushSerializer(ScopedModelSerializer):
    """A push, and how far it came."""

    href = HrefField("api:configpush-detail")
    organization = UidRelatedField(read_only=True)
    values = serializers.DictField(
        source="shown_values", read_only=True, help_text="Dots stand for a secret."
    )
    selection = serializers.DictField(
        read_only=True, help_text="`uids` of devices, or the `query` of a list of devices."
    )
    reverts = UidRelatedField(read_only=True)
    created_by = serializers.StringRelatedField()
    reviewed_by = serializers.StringRelatedField()
    applied_by = serializers.StringRelatedField()
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Receipts by state, up to some seconds old while devices answer.",
    )

    class Meta:
        model = ConfigPush
        fields = (
            "href",
            "uid",
            "organization",
            "title",
            "state",
            "version",
            "values",
            "selection",
            "reverts",
            "created_by",
            "created_at",
            "reviewed_by",
            "reviewed_at",
            "applied_by",
            "applied_at",
            "expires_at",
            "counts",
        )
        read_only_fields = fields


class ConfigReceiptSerializer(ScopedModelSerializer):
    """How far a push came to one device."""

    href = HrefField("api:configreceipt-detail")
    push = UidRelatedField(read_only=True)
    device = UidRelatedField(read_only=True)
    values = serializers.DictField(
        source="carried.shown_values", read_only=True, help_text="Dots stand for a secret."
    )

    class Meta:
        model = ConfigReceipt
        fields = (
            "href",
            "uid",
            "push",
            "device",
            "values",
            "state",
            "channel",
            "attempts",
            "proof",
            "words",
            "queued_at",
            "sent_at",
            "delivered_at",
            "ended_at",
        )
        read_only_fields = fields


class ConfigPushWriteSerializer(ScopedSerializer):
    """What to push, and where: devices, or a mesh, or what a query of the device list matches."""

    title = serializers.CharField(max_length=120, default="", allow_blank=True)
    organization = UidRelatedField(
        queryset=Organization.objects.all(),
        default=None,
        allow_null=True,
        help_text="Where it belongs. Left out: that of the devices or the mesh, else your own.",
    )
    devices = serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=MOST_DEVICES,
        help_text="Up to 10,000; for more, use a `query`.",
    )
    mesh = UidRelatedField(queryset=Mesh.objects.all(), default=None, allow_null=True)
    query = serializers.CharField(
        default=None,
        allow_null=True,
        allow_blank=True,
        max_length=2000,
        help_text="As of `GET /devices/`; an empty text is every device.",
    )
    values = serializers.DictField(
        child=serializers.CharField(max_length=MAX_VALUE, allow_blank=True, trim_whitespace=False),
        help_text="Names and values, for each device to take over.",
    )
    conceal = serializers.ListField(
        child=serializers.CharField(max_length=64),
        default=list,
        help_text="Names whose values are never shown again.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Have exactly one way of naming devices used."""
        ways = [bool(attrs["devices"]), attrs["mesh"] is not None, attrs["query"] is not None]
        if sum(ways) != 1:
            message = "Name `devices`, a `mesh` or a `query`: exactly one of them."
            raise serializers.ValidationError({"devices": [message]})
        return attrs


def selection_in(data: dict[str, Any]) -> Selection:
    """Return the devices that a body names."""
    if data["mesh"] is not None:
        return Selection(query=f"mesh={data['mesh'].uid}")
    if data["query"] is not None:
        return Selection(query=data["query"])
    return Selection(uids=tuple(data["devices"]))


class VersionSerializer(ScopedSerializer):
    """Which version of a push was looked at."""

    version = serializers.IntegerField(min_value=1)


class CountSerializer(serializers.Serializer):
    """How many devices something was done to."""

    devices = serializers.IntegerField()


class ChangeSerializer(serializers.Serializer):
    """One variable of a device, before and after. `old` is null where nobody knows."""

    name = serializers.CharField()
    old = serializers.CharField(allow_null=True)
    new = serializers.CharField()
    is_same = serializers.BooleanField()


class PreviewSerializer(serializers.Serializer):
    """What a push would change on one device."""

    device = serializers.UUIDField(source="uid")
    alias = serializers.CharField()
    differences = ChangeSerializer(many=True)
