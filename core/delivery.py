"""Messages that leave the house: sealed on their way through the broker, sent by a worker.

What a message says may be a one-time link or a code, so the broker only ever holds a ciphertext,
and neither logs nor errors repeat a text or an address.
"""

from __future__ import annotations

import json
import logging
import random
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from redis.exceptions import RedisError

from core.broker import BrokerAway, send_task
from core.crypto import MasterKeyError
from core.fields import keyring

QUEUE = "notifications"
MAX_RETRIES = 5
REMEMBERED = 6 * 3600

Deliver = Callable[[dict[str, str]], str]

logger = logging.getLogger(__name__)
# Sends while the broker is away; its threads are joined when the process ends in good order.
_in_process = ThreadPoolExecutor(1, thread_name_prefix="messages")


class DeliveryError(Exception):
    """A message was not taken; `permanent` says that trying again is of no use.

    The text names the reason and never an address, a text or a secret: it is logged.
    """

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


def hand_over(task: str, deliver: Deliver, message: dict[str, str]) -> None:
    """Send a message by the task of this name once the transaction commits.

    Nobody waits for it: with the broker away this process sends it beside the request, once.
    With MESSAGES_INLINE (tests) it is delivered on the spot.
    """
    uid = f"{uuid.uuid4()}"
    sealed = keyring().seal(json.dumps(message), row=_row(task, uid))

    def send() -> None:
        if settings.MESSAGES_INLINE:
            deliver_last(task, deliver, uid, sealed)
            return
        try:
            kwargs = {"uid": uid, "sealed": sealed}
            send_task(task, kwargs=kwargs, queue=QUEUE, task_id=uid)
        except BrokerAway as error:
            logger.warning("broker away, %s %s is sent from here: %s", task, uid, error)
            _in_process.submit(deliver_last, task, deliver, uid, sealed)

    transaction.on_commit(send)


def deliver_once(task: str, deliver: Deliver, uid: str, sealed: str) -> None:
    """Open and send one message, unless it was sent already; raises DeliveryError."""
    if _remembers(uid):
        return
    try:
        message = json.loads(keyring().open(sealed, row=_row(task, uid)))
    except MasterKeyError as error:
        raise DeliveryError(f"{error}", permanent=True) from None
    reference = deliver(message)
    _remember(uid)
    logger.info("%s %s was sent: %s", task, uid, reference or "no reference")


def deliver_last(task: str, deliver: Deliver, uid: str, sealed: str) -> None:
    """Send one message; what fails now is logged and lost."""
    try:
        deliver_once(task, deliver, uid, sealed)
    except DeliveryError as error:
        logger.error("%s %s could not be sent: %s", task, uid, error)


def deliver_or_retry(running: Any, deliver: Deliver, uid: str, sealed: str) -> None:
    """Send one message within a Celery task, which runs again later when that may help."""
    if running.request.retries >= running.max_retries:
        deliver_last(running.name, deliver, uid, sealed)
        return
    try:
        deliver_once(running.name, deliver, uid, sealed)
    except DeliveryError as error:
        if error.permanent:
            logger.error("%s %s could not be sent: %s", running.name, uid, error)
            return
        raise running.retry(exc=error, countdown=pause_after(running.request.retries)) from None


def pause_after(retries: int) -> float:
    """Return the seconds to wait: 5, 15, 45, 135, 405, each spread a little."""
    return 5 * 3**retries * random.uniform(0.8, 1.2)  # noqa: S311  # not a secret


def _row(task: str, uid: str) -> str:
    return f"{task}:{uid}"


def _remembers(uid: str) -> bool:
    try:
        return bool(cache.get(f"delivered:{uid}"))
    except (RedisError, OSError):
        return False


def _remember(uid: str) -> None:
    try:
        cache.set(f"delivered:{uid}", 1, REMEMBERED)
    except (RedisError, OSError) as error:
        logger.warning("cache away, %s may be sent twice: %s", uid, error)
