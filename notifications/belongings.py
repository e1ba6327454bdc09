"""Notifications of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from typing import ClassVar

from accounts.belongings import Belongings, belongings
from notifications.models import Notification, NotificationRule


@belongings.register
class Notifications(Belongings):
    """What was told; the deliveries go with the rules and the people."""

    slug = "notifications"
    one = "notification"
    many = "notifications"
    order = 4
    model = Notification
    fields: ClassVar = ("uid", "kind", "level", "title", "text", "count", "created_at", "read_at")


@belongings.register
class Rules(Belongings):
    """Where news are sent; destinations are sealed."""

    slug = "notification-rules"
    one = "notification rule"
    many = "notification rules"
    order = 4
    model = NotificationRule
    fields: ClassVar = (
        "uid",
        "name",
        "channel",
        "shown_as",
        "destination",
        "secret",
        "kinds",
        "least_level",
        "tag",
        "offline_after",
        "is_on",
        "confirmed_at",
        "created_at",
    )
