"""Tasks by name, to the broker. Celery is loaded with the first one: it takes 6 MB and a moment."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from redis.exceptions import RedisError


class BrokerAway(Exception):
    """Nobody took the task; the text is the reason."""


def send_task(name: str, *, kwargs: dict[str, Any], queue: str, task_id: str | None = None) -> None:
    """Hand a task to the broker now; raises BrokerAway."""
    from kombu.exceptions import OperationalError  # noqa: PLC0415  see above

    app = import_string(settings.CELERY_APP)
    try:
        app.send_task(name, kwargs=kwargs, queue=queue, task_id=task_id)
    except (OperationalError, RedisError, OSError) as error:
        raise BrokerAway(f"{error}") from error
