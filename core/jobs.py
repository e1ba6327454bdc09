"""Background work and live notices. Services name tasks; they never import them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from core.broker import BrokerAway, send_task
from core.telling import Notice, teller

logger = logging.getLogger(__name__)

Told = list[Notice]
_held: ContextVar[Told | None] = ContextVar("held", default=None)


def enqueue(
    name: str, *, queue: str = "default", task_id: str | None = None, **kwargs: Any
) -> None:
    """Send a task by name once the transaction commits.

    The database is the truth: when the broker is away the sweepers find the row and send again,
    so an unreachable broker is logged and not raised.
    """

    def send() -> None:
        try:
            send_task(name, kwargs=kwargs, queue=queue, task_id=task_id)
        except BrokerAway as error:
            logger.warning("broker away, %s waits for the sweeper: %s", name, error)

    transaction.on_commit(send)


def broadcast(group: str, message: dict[str, Any]) -> None:
    """Send a message to everybody subscribed to a group now; a lost broker loses only this."""
    tell_groups([(group, message)])


def changed_on_commit(obj: Any, *groups: str) -> None:
    """Tell the groups, once this commits, that the object changed.

    Who listens fetches what changed by HTTP. `group` says which subscription the message answers:
    the page of a device also hears of its builds.
    """
    model, uid = obj._meta.label_lower, f"{obj.uid}"
    told = [
        (group, {"type": "object.changed", "group": group, "model": model, "uid": uid})
        for group in groups
    ]
    transaction.on_commit(lambda: _tell(told))


def access_changed(*groups: str) -> None:
    """Have every connection in these groups ask again, once this commits, what it may see.

    `person.<uid>` is all pages of one person; an object's own group is whoever watches it.
    """
    told = [(group, {"type": "access.changed"}) for group in groups]
    transaction.on_commit(lambda: _tell(told))


@contextmanager
def told_together() -> Iterator[None]:
    """Hold the notices of what commits inside and send each once, in the end.

    For work on many objects one by one: making an event loop for each takes as long as the work.
    """
    held: Told = []
    token = _held.set(held)
    try:
        yield
    finally:
        _held.reset(token)
        if held:
            tell_groups([said for n, said in enumerate(held) if said not in held[:n]])


def _tell(told: Told) -> None:
    held = _held.get()
    if held is None:
        tell_groups(told)
    else:
        held.extend(told)


def tell_groups(told: Told) -> None:
    """Send (group, message) pairs, from one event loop: making one costs more than sending."""
    layer = get_channel_layer()
    if layer is None or teller.tell(told):
        return

    async def send() -> None:
        for group, message in told:
            await layer.group_send(group, message)

    try:
        async_to_sync(send)()
    except (RedisError, OSError) as error:
        logger.warning("channel layer away, %s not told: %s", [group for group, _ in told], error)
