"""States of a push and of its receipts, and which may follow which."""

from __future__ import annotations

from django.db import models


class PushState(models.TextChoices):
    """How far people came with a push. Discarded and reverted are final."""

    DRAFT = "draft", "Draft"
    REVIEW = "review", "In review"
    APPROVED = "approved", "Approved"
    APPLIED = "applied", "Applied"
    REVERTED = "reverted", "Reverted"
    DISCARDED = "discarded", "Discarded"


P = PushState
UNAPPLIED = (P.DRAFT, P.REVIEW, P.APPROVED)

# target -> the states it may be reached from.
PUSH_FROM: dict[str, tuple[str, ...]] = {
    P.DRAFT: (P.REVIEW, P.APPROVED),
    P.REVIEW: (P.DRAFT,),
    P.APPROVED: (P.REVIEW,),
    P.APPLIED: (P.DRAFT, P.APPROVED),
    P.REVERTED: (P.APPLIED,),
    P.DISCARDED: UNAPPLIED,
}


class ReceiptState(models.TextChoices):
    """How far a push came to one device; docs/configuration-pushes.md says what proves each."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    APPLIED = "applied", "Applied"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Expired"
    REPLACED = "replaced", "Replaced"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Channel(models.TextChoices):
    """How it goes, or went; empty until somebody looked."""

    HTTP = "http", "Check-in"
    MQTT = "mqtt", "MQTT"


class Proof(models.TextChoices):
    """What says that the device has it."""

    ENV_HASH = "env_hash", "Environment hash"
    REPORT = "report", "Next report"


S = ReceiptState
OPEN = (S.QUEUED, S.SENT, S.DELIVERED)
# The device may have it.
REACHED = (S.SENT, S.DELIVERED, S.APPLIED, S.FAILED)
RETRIED = (S.FAILED, S.EXPIRED)

# target -> the states it may be reached from. What is not acknowledged goes back into the queue.
ALLOWED_FROM: dict[str, tuple[str, ...]] = {
    S.QUEUED: (S.SENT, *RETRIED),
    S.SENT: (S.QUEUED, S.SENT),
    S.DELIVERED: (S.SENT,),
    S.APPLIED: (S.SENT, S.DELIVERED),
    S.FAILED: (S.SENT, S.DELIVERED),
    S.REPLACED: OPEN,
    S.WITHDRAWN: (S.QUEUED,),
    S.EXPIRED: OPEN,
}
