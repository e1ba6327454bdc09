"""How the API shows notifications."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.serializers import HrefField, ScopedModelSerializer, UidRelatedField
from notifications.models import Notification


class NotificationSerializer(ScopedModelSerializer):
    """One line of your inbox. `items` names the first of the `count` things it is about."""

    href = HrefField("api:notification-detail")
    organization = UidRelatedField(read_only=True)
    items = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = (
            "href",
            "uid",
            "organization",
            "kind",
            "level",
            "title",
            "text",
            "url",
            "count",
            "items",
            "created_at",
            "read_at",
        )
        read_only_fields = fields

    def get_items(self, row: Any) -> list[dict[str, Any]]:
        """Return them as they were told."""
        return row.items
