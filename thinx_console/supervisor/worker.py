"""The Celery application with beat inside: `celery -A thinx_console.supervisor.worker worker`.

Celery's own `-B` forks a second process for beat, which costs as much memory as the worker. On
one machine a thread does; the server profile runs `celery -A thinx_console beat` by itself.
"""

from __future__ import annotations

from typing import Any

from celery.beat import EmbeddedService
from celery.bootsteps import StartStopStep

from thinx_console.celery import app

__all__ = ["app"]


class BeatThread(StartStopStep):
    """Starts and stops beat with the worker."""

    label = "Beat in a thread"

    def create(self, parent: Any) -> Any:
        """Return the scheduler; the bootstep starts and stops it."""
        return EmbeddedService(parent.app, thread=True)


app.steps["worker"].add(BeatThread)
