"""The sign of life that /health/ready looks for."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task
from django.core.cache import cache


@shared_task(name="core.beat")
def beat(**_: Any) -> None:
    """Note that a worker took a task from beat."""
    cache.set("core.beat", f"{time.time()}", 120)
