"""Periodic work of messaging."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from messaging.services import messages_expire


@shared_task(name="messaging.expire")
def expire(**_: Any) -> None:
    """Remove messages that are older than a day."""
    messages_expire()
