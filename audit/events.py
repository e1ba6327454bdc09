"""Types of audit events. Each app registers its own in `<app>/events.py`."""

from __future__ import annotations

from typing import ClassVar

from core.registry import Registry


class EventType:
    """One kind of thing worth remembering: a stable slug, words for people, and a level."""

    slug: ClassVar[str] = ""
    label: ClassVar[str] = ""
    level: ClassVar[str] = "info"
    icon: ClassVar[str] = "activity"


events: Registry[EventType] = Registry("audit events")


@events.register
class AuditArchived(EventType):
    """A closed segment of this chain was moved into a file; the data is its proof."""

    slug = "audit.archived"
    label = "Audit events archived"
    icon = "package"


@events.register
class AuditExported(EventType):
    """Somebody took a copy of the audit log away."""

    slug = "audit.exported"
    label = "Audit log exported"
    icon = "download"


@events.register
class AccessRefused(EventType):
    """Somebody tried what their role or credential does not permit."""

    slug = "audit.access_refused"
    label = "Access refused"
    icon = "ban"
    level = "warning"


@events.register
class Throttled(EventType):
    """Somebody tried too often and was told to wait."""

    slug = "audit.throttled"
    label = "Too many attempts"
    icon = "clock"
    level = "warning"


@events.register
class MasterKeyRotated(EventType):
    """The key that seals secrets was replaced, or an old one was taken away."""

    slug = "audit.master_key_rotated"
    label = "Master key rotated"
    icon = "key"
    level = "warning"
