"""The inbox of this console. Its lines are written with what they tell of, so nothing is sent."""

from __future__ import annotations

from notifications.channels._base import Channel, channels


@channels.register
class Inbox(Channel):
    """Live in the top bar and on its own page."""

    slug = "inbox"
    label = "Inbox"
    icon = "bell"
    people = True
