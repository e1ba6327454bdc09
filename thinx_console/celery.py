"""The Celery application. The database is the truth; the broker only wakes workers."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

app = Celery("thinx_console")
app.config_from_object("django.conf:settings.CELERY")
app.autodiscover_tasks()
