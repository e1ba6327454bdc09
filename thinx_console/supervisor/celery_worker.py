"""The Celery worker of `make run`, with beat inside. Runs by `python -m`.

Celery's own `-B` forks a second process for beat, which costs as much memory as the worker. On
one machine a thread does; the server profile runs `celery -A thinx_console beat` by itself.
Celery's command line brings an interactive shell, 8 MB that a worker has no use for.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from celery.beat import EmbeddedService
from celery.bootsteps import StartStopStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.worker")

from thinx_console.celery import app

# Threads: a build is a process of its own, and the rest waits for the database.
THREADS = 4
QUEUES = "default,builds,notifications"


class BeatThread(StartStopStep):
    """Starts and stops beat with the worker."""

    label = "Beat in a thread"

    def create(self, parent: Any) -> Any:
        """Return the scheduler; the bootstep starts and stops it."""
        return EmbeddedService(parent.app, thread=True)


app.steps["worker"].add(BeatThread)


def main() -> int:
    """Work until SIGTERM (what runs is finished) or SIGQUIT (at once); return the exit code."""
    worker = app.Worker(
        pool_cls="threads",
        concurrency=THREADS,
        queues=QUEUES,
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
