"""Celery's side of keys: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from keys.news import keys_expiring_tell


@shared_task(name="keys.expiring")
def expiring(**_: Any) -> None:
    """Tell of keys that end soon."""
    keys_expiring_tell()
