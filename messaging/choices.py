"""States of messages and questions."""

from __future__ import annotations

from django.db import models


class Direction(models.TextChoices):
    """Which way a message went."""

    IN = "in", "From the device"
    OUT = "out", "To the device"


class QuestionState(models.TextChoices):
    """open → answered → done, or open → dismissed."""

    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    DONE = "done", "Done"
    DISMISSED = "dismissed", "Dismissed"


class PublicationState(models.TextChoices):
    """queued → sent, or queued → expired when no bridge took it in time."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    EXPIRED = "expired", "Expired"
