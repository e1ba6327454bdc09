"""Celery's side of builds: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from builds.constants import DELTA_TASK, RUN_TASK, SWEEP_TASK
from builds.deltas.services import delta_make, deltas_sweep
from builds.services.execution import build_run
from builds.services.sweep import builds_sweep


@shared_task(name=RUN_TASK)
def run(build_uid: str, **_: Any) -> None:
    """Run one build."""
    build_run(build_uid)


@shared_task(name=SWEEP_TASK)
def sweep(**_: Any) -> None:
    """Put right what a dead worker left."""
    builds_sweep()
    deltas_sweep()


@shared_task(name=DELTA_TASK)
def delta(delta_id: int, **_: Any) -> None:
    """Make one delta."""
    delta_make(delta_id)
