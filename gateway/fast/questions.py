"""The ASGI application that lets RabbitMQ's questions in a few at a time.

Django serves each call in a thread of its own, and RabbitMQ asks several questions for every device
that connects. It gives up a question after a while, and the device comes again: a server that goes
on with thousands of questions nobody waits for answers none in time and never catches up.
"""

from __future__ import annotations

from gateway.fast.http import Application, Receive, Scope, Send, again, come_again, read_body
from gateway.fast.line import Line
from gateway.fast.writer import Full
from gateway.leaving import Leaving

PREFIX = "/mqtt/"


class BrokerQuestions:
    """Passes on what is asked below /mqtt/ in turn; `inner` is the whole console."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner
        self.line = Line()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.inner(scope, receive, send)
            return
        taken, is_whole = await read_body(receive)
        if not is_whole:  # who sends slowly must not keep the others out
            await self.inner(scope, again(taken, receive, is_whole=False), send)
            return
        leaving = Leaving(receive)
        leaving.watch()
        try:
            async with self.line:
                if leaving.is_gone:
                    await come_again(send)
                else:
                    await self.inner(scope, again(taken, leaving.receive, is_whole=True), send)
        except Full:
            await come_again(send)
        finally:
            leaving.end()
