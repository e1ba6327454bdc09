"""Celery's side of devices: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from devices.mesh_following import FOLLOW_TASK, meshes_follow
from devices.transformers.applying import apply_due
from devices.transformers.constants import APPLY_TASK
from devices.troubles.services import troubles_sweep


@shared_task(name=APPLY_TASK)
def transform(**_: Any) -> None:
    """Run the transformers of what devices said lately."""
    apply_due()


@shared_task(name=FOLLOW_TASK)
def follow_rules(**_: Any) -> None:
    """Bring dynamic meshes in line with their rules."""
    meshes_follow()


@shared_task(name="devices.troubles")
def troubles(**_: Any) -> None:
    """Tell of devices that went offline, came back, or report an error."""
    troubles_sweep()
