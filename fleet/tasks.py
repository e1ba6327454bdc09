"""The tasks of the workflows; Celery looks for them here."""

from __future__ import annotations

from fleet.bulk import tasks as bulk
from fleet.pushes import tasks as pushes
from fleet.rollouts import tasks as rollouts
from fleet.transfers import tasks as transfers

__all__ = [
    "bulk",
    "pushes",
    "rollouts",
    "transfers",
]
