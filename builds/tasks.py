"""Celery's side of builds: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from builds.constants import RUN_TASK, SWEEP_TASK
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
