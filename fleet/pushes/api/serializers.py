"""How the API shows and takes configuration pushes."""

from __future__ import annotations

from rest_framework import serializers

from core.api.serializers import HrefField, ScopedModelSerializer, ScopedSerializer, UidRelatedField
from devices.models import Device
from fleet.pushes.constants import MAX_VALUE
from fleet.pushes.models import ConfigReceipt


class ConfigReceiptSerializer(ScopedModelSerializer):
    """One push to one device, and how far it came."""

    href = HrefField("api:configreceipt-detail")
    device = UidRelatedField(read_only=True)
    values = serializers.DictField(
        source="push.shown_values", read_only=True, help_text="Dots stand for a secret."
    )
    created_by = serializers.StringRelatedField(source="push.created_by")
    expires_at = serializers.DateTimeField(source="push.expires_at", read_only=True)

    class Meta:
        model = ConfigReceipt
        fields = (
            "href",
            "uid",
            "device",
            "values",
            "state",
            "channel",
            "created_by",
            "queued_at",
            "sent_at",
            "seen_at",
            "ended_at",
            "expires_at",
        )
        read_only_fields = fields


class ConfigPushSerializer(ScopedSerializer):
    """What to send, and where."""

    device = UidRelatedField(queryset=Device.objects.all())
    values = serializers.DictField(
        child=serializers.CharField(max_length=MAX_VALUE, allow_blank=True, trim_whitespace=False),
        help_text="Names and values, for one device to take over.",
    )
    conceal = serializers.ListField(
        child=serializers.CharField(max_length=64),
        default=list,
        help_text="Names whose values are never shown again.",
    )
