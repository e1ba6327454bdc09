"""Audit events of saved views. A shared one changes what others see."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class ViewSaved(EventType):
    """A view of a list got a name, or one of that name was replaced."""

    slug = "accounts.view_saved"
    label = "View saved"
    icon = "device-floppy"


@events.register
class ViewChanged(EventType):
    """Its name, what it shows, or who sees it."""

    slug = "accounts.view_changed"
    label = "View changed"
    icon = "device-floppy"


@events.register
class ViewDeleted(EventType):
    """A saved view is gone; what it showed is not."""

    slug = "accounts.view_deleted"
    label = "View deleted"
    icon = "trash"
