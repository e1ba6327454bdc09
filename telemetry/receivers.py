"""Deletes the history of what is deleted, and keeps what lower apps count."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.models import Organization
from core.signals import counted
from devices.models import Device
from devices.transformers.selectors import SaidStatus, statuses_from
from telemetry.selectors import recent_statuses
from telemetry.services import count, devices_forget, organizations_forget

logger = logging.getLogger(__name__)


@receiver(post_delete, sender=Device)
def forget_device(instance: Device, **_: Any) -> None:
    """Delete its history once its deletion is certain, together with all that go with it."""
    _forget_on_commit("telemetry_devices", instance.pk, devices_forget)


@receiver(post_delete, sender=Organization)
def forget_organization(instance: Organization, **_: Any) -> None:
    """Delete its counters once its deletion is certain."""
    _forget_on_commit("telemetry_organizations", instance.pk, organizations_forget)


def _forget_on_commit(kind: str, pk: int, forget: Callable[[Collection[int]], None]) -> None:
    """Have the first that is called after the commit forget all; the others find none left.

    What a rollback brought back may still be among them; the services look.
    """
    gone: set[int] = connection.__dict__.setdefault(kind, set())
    gone.add(pk)
    transaction.on_commit(partial(_forget, gone, forget))


def _forget(gone: set[int], forget: Callable[[Collection[int]], None]) -> None:
    pks = {*gone}
    gone.clear()
    if not pks:
        return
    try:
        forget(pks)
    except DatabaseError as error:  # the deletion stands; the daily task finds what is left
        logger.error("the history of %s rows could not be deleted yet: %s", len(pks), error)


@receiver(counted)
def keep_count(metric: str, organization_id: int | None, by: int, **_: Any) -> None:
    """Add to the counter."""
    count(metric, organization_id, by)


@statuses_from
def kept_statuses(device: Device, limit: int) -> list[SaidStatus]:
    """Return what a device said lately, for those who try a transformer on it."""
    return [SaidStatus(kept.status, kept.at) for kept in recent_statuses(device, limit)]
