"""One action on one device, and what became of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError, transaction

from core.exceptions import DomainError
from devices.models import Device
from fleet.bulk.choices import ItemState
from fleet.bulk.constants import MAX_MESSAGE
from fleet.bulk.registry import BulkAction

logger = logging.getLogger(__name__)

NOT_PERMITTED = ("bulk.not_permitted", "You may not do this to the device.")
GONE = ("bulk.device_gone", "The device was deleted in the meantime, or is not yours any more.")
UNEXPECTED = (
    "bulk.unexpected",
    "Something went wrong on our side; the log of the console says it.",
)


@dataclass(frozen=True)
class Outcome:
    """What became of one device."""

    state: str
    code: str = ""
    message: str = ""


def device_for(action: BulkAction, actor: Any, device_id: int | None) -> Device | None:
    """Return the device, locked, if the actor may do it as of now."""
    rows = Device.objects.select_related("organization", "source")
    permitted = rows.allowed(actor, action.permission).filter(pk=device_id)
    return permitted.select_for_update(of=("self",)).first()


def perform_on(
    action: BulkAction, actor: Any, device: Device | None, device_id: int | None, params: Any
) -> Outcome:
    """Do it in the caller's transaction. Raises what services raise."""
    if device is None:
        seen = Device.objects.allowed(actor).filter(pk=device_id).exists()
        return Outcome(ItemState.FAILED, *(NOT_PERMITTED if seen else GONE))
    sentence = action.perform(actor, device, **params)
    return Outcome(ItemState.SKIPPED if sentence else ItemState.DONE, "", sentence or "")


def outcome_of(error: Exception) -> Outcome:
    """Return what a refusal says; a busy database is none, and raised again."""
    if isinstance(error, DomainError):
        return Outcome(ItemState.FAILED, error.code, error.message[:MAX_MESSAGE])
    if isinstance(error, ValidationError):
        return Outcome(ItemState.FAILED, "bulk.params", " ".join(error.messages)[:MAX_MESSAGE])
    if isinstance(error, PermissionDenied):
        return Outcome(ItemState.FAILED, *NOT_PERMITTED)
    if isinstance(error, OperationalError):
        raise error
    logger.error("a bulk action failed: %s", type(error).__name__, exc_info=error)
    return Outcome(ItemState.FAILED, *UNEXPECTED)


def perform_now(action: BulkAction, actor: Any, device_id: int, params: Any) -> Outcome:
    """Do it in a transaction of its own, while the person waits."""
    try:
        with transaction.atomic():
            device = device_for(action, actor, device_id)
            return perform_on(action, actor, device, device_id, params)
    except Exception as error:  # noqa: BLE001  # an action is a plug-in: it fails one device
        return outcome_of(error)
