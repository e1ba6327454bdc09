"""Celery's side of notifications: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from notifications.constants import DELIVER_TASK, KEEP_TASK, SPREAD_TASK, SWEEP_TASK
from notifications.services.delivering import deliver_due
from notifications.services.spreading import spread_due
from notifications.services.sweeping import notifications_keep, notifications_sweep


@shared_task(name=SPREAD_TASK)
def spread(**_: Any) -> None:
    """Make messages of what happened."""
    spread_due()


@shared_task(name=DELIVER_TASK)
def deliver(**_: Any) -> None:
    """Send messages that are due."""
    deliver_due()


@shared_task(name=SWEEP_TASK)
def sweep(**_: Any) -> None:
    """Find what was forgotten."""
    notifications_sweep()


@shared_task(name=KEEP_TASK)
def keep(**_: Any) -> None:
    """Remove what is old."""
    notifications_keep()
