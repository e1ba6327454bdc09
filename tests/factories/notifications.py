"""Rules and deliveries for tests."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import Organization
from notifications.models import NotificationDelivery, NotificationRule


def make_rule(organization: Organization, **fields: Any) -> NotificationRule:
    """Return a rule that mails everything."""
    values = {
        "name": "On call",
        "channel": "email",
        "destination": "oncall@example.org",
        "shown_as": "oncall@example.org",
        "confirmed_at": timezone.now(),
        **fields,
    }
    return NotificationRule.objects.create(organization=organization, **values)


def make_delivery(rule: NotificationRule, **fields: Any) -> NotificationDelivery:
    """Return a message on its way by a rule."""
    values = {"kind": "build_failed", "title": "b1 failed", "due_at": timezone.now(), **fields}
    return NotificationDelivery.objects.create(
        rule=rule, organization=rule.organization, channel=rule.channel, **values
    )
