"""Audit events of the outbox."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class OutboxMessageRead(EventType):
    """Somebody opened a message that may hold a one-time link or a code."""

    slug = "outbox.message_read"
    label = "Outbox message read"
    icon = "inbox"
    level = "warning"
