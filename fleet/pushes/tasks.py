"""Celery's side of configuration pushes: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from fleet.pushes.constants import COUNT_TASK, EXPIRE_TASK
from fleet.pushes.services import config_pushes_count, config_pushes_expire


@shared_task(name=EXPIRE_TASK)
def expire(**_: Any) -> None:
    """End pushes that no device fetched in time."""
    config_pushes_expire()


@shared_task(name=COUNT_TASK)
def count(**_: Any) -> None:
    """Store how far pushes came."""
    config_pushes_count()
