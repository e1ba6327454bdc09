"""Celery's side of rollouts: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from fleet.rollouts.automatic import rollouts_begin
from fleet.rollouts.constants import ADVANCE_TASK
from fleet.rollouts.engine import rollouts_advance


@shared_task(name=ADVANCE_TASK)
def advance(**_: Any) -> None:
    """Begin what default plans say, and move every rollout on."""
    rollouts_begin()
    rollouts_advance()
