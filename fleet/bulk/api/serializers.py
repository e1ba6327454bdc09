"""How the API shows bulk jobs, and takes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.serializers import HrefField, ScopedModelSerializer, ScopedSerializer, UidRelatedField
from fleet.bulk.models import BulkJob, BulkJobItem
from fleet.bulk.registry import bulk_actions

MAX_UIDS = 10_000


class BulkJobSerializer(ScopedModelSerializer):
    """A job, and how far it is."""

    href = HrefField("api:bulkjob-detail")
    organization = UidRelatedField(read_only=True)
    started_by = serializers.StringRelatedField()

    class Meta:
        model = BulkJob
        fields = (
            "href",
            "uid",
            "organization",
            "action",
            "params",
            "state",
            "total",
            "done",
            "failed",
            "skipped",
            "started_by",
            "created_at",
            "ended_at",
        )
        read_only_fields = fields


class BulkJobItemSerializer(ScopedModelSerializer):
    """What became of one device; it may be gone by now."""

    device = serializers.UUIDField(source="device_uid", read_only=True)
    alias = serializers.CharField(source="device_alias", read_only=True)

    class Meta:
        model = BulkJobItem
        fields = ("device", "alias", "state", "error_code", "message", "ended_at")
        read_only_fields = fields


class BulkJobStartSerializer(ScopedSerializer):
    """What to do with which devices: those of `devices`, or all that match `filter`."""

    action = serializers.ChoiceField(choices=bulk_actions.choices())
    params = serializers.DictField(
        default=dict, help_text="The fields of the action, as its form in the console has them."
    )
    devices = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=MAX_UIDS,
        help_text="Device ids.",
    )
    filter = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=4000,
        help_text="All that match: the query of the list of devices, such as "
        "`seen=offline&tag=pump`; empty for every device that you may change.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Demand one way of choosing."""
        if ("devices" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError("Name devices or a filter, one of them.")
        return attrs
