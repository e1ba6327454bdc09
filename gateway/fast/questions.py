"""The ASGI application that answers what RabbitMQ asks, before Django: many questions together.

RabbitMQ asks several questions for every device that connects, and gives one up after a while. It
must be told now, not remembered: a key may have been revoked since.
"""

from __future__ import annotations

from django.db import DatabaseError

from core.grouping import Full, Grouped
from gateway.endpoint import PLAIN
from gateway.fast.http import (
    Application,
    Receive,
    Scope,
    Send,
    again,
    answer,
    come_again,
    read_body,
)
from gateway.mqtt.rabbitmq.answers import Asked, answered
from gateway.mqtt.rabbitmq.asking import may_ask, values_of

PREFIX = "/mqtt/"


class BrokerQuestions:
    """Answers what RabbitMQ posts below /mqtt/; `inner` is the whole console, for all else."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner
        self.answers: Grouped[tuple[str, Asked], str] = Grouped(
            answered, name="questions of RabbitMQ"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_question(scope):
            await self.inner(scope, receive, send)
            return
        taken, is_whole = await read_body(receive)
        if not is_whole:
            await self.inner(scope, again(taken, receive, is_whole=False), send)
            return
        question = scope["path"].removeprefix(PREFIX)
        try:
            said = await self.answers.submit((question, values_of(taken)))
        except (Full, DatabaseError):
            await come_again(send)
            return
        await answer(send, 200, said.encode(), kind=PLAIN)


def _is_question(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    if scope["path"] not in PATHS:
        return False
    address = (scope.get("client") or ("",))[0] or ""
    return may_ask(address, {name.decode("latin-1") for name, _ in scope["headers"]})


PATHS = frozenset(f"{PREFIX}{question}" for question in ("user", "vhost", "resource", "topic"))
