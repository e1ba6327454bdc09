"""Audit events of sharing: each is recorded on the object, with what was given before and after."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class ObjectShared(EventType):
    """A person or group was given actions on one object."""

    slug = "accounts.object_shared"
    label = "Shared"
    icon = "share"
    level = "warning"


@events.register
class ShareChanged(EventType):
    """Other actions, or another end, of what was shared."""

    slug = "accounts.share_changed"
    label = "Share changed"
    icon = "share"
    level = "warning"


@events.register
class ShareEnded(EventType):
    """Somebody took back what was shared, or gave it up."""

    slug = "accounts.share_ended"
    label = "Share withdrawn"
    icon = "ban"


@events.register
class ShareExpired(EventType):
    """The end that was set for a share has passed."""

    slug = "accounts.share_expired"
    label = "Share expired"
    icon = "clock"
