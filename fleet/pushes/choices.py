"""States of a receipt, and which may follow which."""

from __future__ import annotations

from django.db import models


class ReceiptState(models.TextChoices):
    """How far a push came to one device. The last four are final."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    SEEN = "seen", "Seen"
    REPLACED = "replaced", "Replaced"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class Channel(models.TextChoices):
    """How it was sent."""

    HTTP = "http", "Check-in"
    MQTT = "mqtt", "MQTT"


S = ReceiptState
OPEN = (S.QUEUED, S.SENT)

# target -> the states it may be reached from. Nothing leaves a final state.
ALLOWED_FROM: dict[str, tuple[str, ...]] = {
    S.SENT: (S.QUEUED,),
    S.SEEN: (S.SENT,),
    S.REPLACED: OPEN,
    S.WITHDRAWN: (S.QUEUED,),
    S.EXPIRED: OPEN,
}
