"""The tasks of the workflows; Celery looks for them here."""

from __future__ import annotations

from fleet.pushes import tasks as pushes

__all__ = ["pushes"]
