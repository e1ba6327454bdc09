"""States of deliveries, and what people choose from."""

from __future__ import annotations

from django.db import models


class DeliveryState(models.TextChoices):
    """How far a message came over one channel. The last three are final."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    DROPPED = "dropped", "Not sent"


S = DeliveryState
OPEN = (S.QUEUED, S.SENDING)

# target -> the states it may be reached from. Nothing leaves a final state.
ALLOWED_FROM: dict[str, tuple[str, ...]] = {
    S.SENDING: (S.QUEUED,),
    S.QUEUED: (S.SENDING,),
    S.SENT: (S.SENDING,),
    S.FAILED: (S.SENDING,),
    S.DROPPED: (S.SENDING,),
}


class Digest(models.TextChoices):
    """How often mail of notifications is sent."""

    NONE = "", "Each by itself, at once"
    HOURLY = "hourly", "Together, every hour"
    DAILY = "daily", "Together, once a day"


class Level(models.TextChoices):
    """How bad it is."""

    OK = "ok", "Good news"
    INFO = "info", "For information"
    WARNING = "warning", "Warning"
    ERROR = "error", "Error"


def is_less(level: str, least: str) -> bool:
    """Tell whether a level is better than the least one that a rule asks for."""
    order = [f"{entry}" for entry in Level]
    return order.index(level) < order.index(least)
