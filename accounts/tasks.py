"""Celery's side of accounts: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from accounts.services.sharing import grants_sweep


@shared_task(name="accounts.sweep_grants")
def sweep_grants(**_: Any) -> None:
    """Delete the shares that are over."""
    grants_sweep()
