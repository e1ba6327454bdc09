"""States and options of a transfer."""

from __future__ import annotations

from django.db import models


class TransferState(models.TextChoices):
    """Where a transfer stands as a whole; its items say it for each device."""

    REQUESTED = "requested", "Requested"
    PARTIAL = "partial", "Partly accepted"
    MOVING = "moving", "Moving"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class ItemState(models.TextChoices):
    """Where one device stands; the first two are open, and what failed can be tried again."""

    PENDING = "pending", "Pending"
    MOVING = "moving", "Moving"
    MOVED = "moved", "Moved"
    FAILED = "failed", "Failed"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class Direction(models.TextChoices):
    """Which side of a transfer an organization is on."""

    OUTGOING = "outgoing", "Outgoing"
    INCOMING = "incoming", "Incoming"


class SourceMode(models.TextChoices):
    """What becomes of the sources that the devices are built from."""

    COPY = "copy", "Copy them: both sides have them afterwards"
    MOVE = "move", "Move them: they leave this organization when no other device uses them"


class KeyMode(models.TextChoices):
    """What becomes of the API keys that the devices call with."""

    MOVE = "move", "Move each device's own key: it keeps calling without a break"
    REKEY = "rekey", "Give new keys: the devices need firmware of the recipient"


class EnvironmentMode(models.TextChoices):
    """What becomes of the variables that are set for a single device."""

    WIPE = "wipe", "Delete them"
    KEEP = "keep", "Hand them over, secret ones too"


T, S = TransferState, ItemState
# What can still be answered or taken back.
OPEN = (T.REQUESTED, T.PARTIAL)
# What keeps a device from being in another transfer.
OPEN_ITEM = (S.PENDING, S.MOVING)
