"""Counting what happens, for figures over time. Who counts does not know who keeps the figures."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from core.signals import counted


def count_on_commit(metric: str, organization: Any, by: int = 1) -> None:
    """Add to a counter of the organization (or of none) once this commits.

    The figure is kept elsewhere: a process that dies just then loses it, and a database that is
    away stops nothing.
    """
    pk = organization.pk if organization is not None else None
    transaction.on_commit(partial(_tell, metric, pk, by))


def _tell(metric: str, organization_id: int | None, by: int) -> None:
    counted.send_robust(sender=None, metric=metric, organization_id=organization_id, by=by)
