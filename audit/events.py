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
