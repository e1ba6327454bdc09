"""Celery's side of the history."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from telemetry.constants import KEEP_TASK
from telemetry.services import history_keep


@shared_task(name=KEEP_TASK)
def keep(**_: Any) -> None:
    """Make the days to come, drop what is too old."""
    history_keep()
