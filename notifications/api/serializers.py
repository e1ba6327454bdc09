"""How the API shows notifications."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.ownership import OwnedSerializer
from core.api.serializers import HrefField, ScopedModelSerializer, UidRelatedField
from notifications.choices import Level
from notifications.models import (
    Notification,
    NotificationDelivery,
    NotificationRule,
    NotificationTimes,
)


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


class NotificationRuleSerializer(OwnedSerializer):
    """Where an organization has news sent. `shown_as` is what may be shown of the destination.

    `offline_after` is how many seconds a device must have been offline until it is told, null for
    the usual time of the console. Nothing is sent while `confirmed_at` is null: the link that was
    mailed to the address was not followed yet.
    """

    href = HrefField("api:notificationrule-detail")
    destination = serializers.CharField(
        write_only=True,
        max_length=1000,
        help_text="An address, a number or a URL. Kept sealed and never shown again.",
    )
    kinds = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        help_text="Empty: everything, and what is added later.",
    )
    least_level = serializers.ChoiceField(Level.choices, required=False)

    class Meta:
        model = NotificationRule
        fixed = ("organization", "channel")
        fields = (
            "href",
            "uid",
            "organization",
            "name",
            "channel",
            "destination",
            "shown_as",
            "kinds",
            "least_level",
            "offline_after",
            "mesh",
            "tag",
            "is_on",
            "confirmed_at",
            "created_at",
            "last_sent_at",
            "last_error",
            "last_error_at",
        )
        read_only_fields = (
            "uid",
            "shown_as",
            "confirmed_at",
            "created_at",
            "last_sent_at",
            "last_error",
            "last_error_at",
        )


class NotificationRuleCreatedSerializer(NotificationRuleSerializer):
    """The answer that shows the secret of a webhook, this once."""

    secret = serializers.CharField(read_only=True, source="shown_once")

    class Meta(NotificationRuleSerializer.Meta):
        fields = (*NotificationRuleSerializer.Meta.fields, "secret")  # type: ignore[assignment]


class NotificationDeliverySerializer(ScopedModelSerializer):
    """One message that a rule sends, and how far it came."""

    class Meta:
        model = NotificationDelivery
        fields = (
            "uid",
            "kind",
            "level",
            "title",
            "count",
            "state",
            "attempts",
            "error",
            "created_at",
            "due_at",
            "ended_at",
        )
        read_only_fields = fields


class NotificationTimesSerializer(ScopedModelSerializer):
    """When you may be sent mail and SMS, in your time zone.

    `offline_after` is how many seconds a device must have been offline until you hear of it, null
    for the usual time of the console.
    """

    class Meta:
        model = NotificationTimes
        fields = (
            "quiet_from",
            "quiet_until",
            "urgent_passes",
            "mail_pace",
            "mail_at",
            "offline_after",
        )
