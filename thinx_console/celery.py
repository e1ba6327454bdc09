"""The Celery application. The database is the truth; the broker only wakes workers."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

from django.conf import settings

app = Celery("thinx_console")
app.config_from_object(settings.CELERY)
app.autodiscover_tasks()


@worker_ready.connect
def say_ready(**kwargs: Any) -> None:
    """Have a task run at once, so that `/health/ready` need not wait for the first beat."""
    app.send_task("core.beat")
