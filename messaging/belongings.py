"""Messages of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from typing import ClassVar

from accounts.belongings import Belongings, belongings
from messaging.models import Publication


@belongings.register
class Publications(Belongings):
    """What was published to devices within the last day, without what is secret."""

    slug = "published-messages"
    one = "message published to a device"
    many = "messages published to devices"
    order = 5
    model = Publication
    fields: ClassVar = ("uid", "topic", "shown", "state", "queued_at", "sent_at")
