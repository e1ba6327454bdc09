"""How the API shows audit events."""

from __future__ import annotations

from rest_framework import serializers

from audit.models import AuditEvent
from core.api.serializers import HrefField, ScopedModelSerializer, UidRelatedField


class AuditEventSerializer(ScopedModelSerializer):
    """One event with its place in the hash chain of its organization."""

    href = HrefField("api:auditevent-detail")
    organization = UidRelatedField(read_only=True)
    data = serializers.DictField(read_only=True)  # type: ignore[assignment]

    class Meta:
        model = AuditEvent
        fields = (
            "href",
            "uid",
            "organization",
            "format",
            "seq",
            "at",
            "verb",
            "actor",
            "actor_uid",
            "credential",
            "address",
            "request_id",
            "target_type",
            "target_uid",
            "target_label",
            "data",
            "previous_hash",
            "hash",
        )
        read_only_fields = fields
