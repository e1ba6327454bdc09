"""Background work and live notices. Services name tasks; they never import them."""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import get_channel_layer
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def enqueue(
    name: str, *, queue: str = "default", task_id: str | None = None, **kwargs: Any
) -> None:
    """Send a task by name once the transaction commits.

    The database is the truth: when the broker is away the sweepers find the row and send again,
    so an unreachable broker is logged and not raised.
    """

    def send() -> None:
        try:
            current_app.send_task(name, kwargs=kwargs, queue=queue, task_id=task_id)
        except (OperationalError, RedisError, OSError) as error:
            logger.warning("broker away, %s waits for the sweeper: %s", name, error)

    transaction.on_commit(send)


def broadcast(group: str, message: dict[str, Any]) -> None:
    """Send a message to everybody subscribed to a group now; a lost broker loses only this."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, message)
    except (RedisError, OSError) as error:
        logger.warning("channel layer away, %s not told: %s", group, error)


def broadcast_on_commit(group: str, message: dict[str, Any]) -> None:
    """Send a message to a group once the transaction commits."""
    transaction.on_commit(lambda: broadcast(group, message))


def changed_on_commit(obj: Any, *groups: str) -> None:
    """Tell the groups that this object changed; who listens fetches what changed by HTTP."""
    message = {"type": "object.changed", "model": obj._meta.label_lower, "uid": f"{obj.uid}"}
    for group in groups:
        broadcast_on_commit(group, {**message, "group": group})
