"""The ASGI application before Django: takes ordinary check-ins, passes on everything else."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from django.conf import settings

from core.grouping import Full
from gateway.fast.calls import Call, read_call
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
from gateway.fast.line import Line
from gateway.fast.notices import Notices, told_by
from gateway.fast.questions import BrokerQuestions
from gateway.fast.senders import KnownSenders
from gateway.fast.statements import Stored
from gateway.fast.writer import GroupWriter
from gateway.leaving import UNHEARD, Leaving
from gateway.protocol import answers

CHECK_IN = "/device/register"
# What else devices ask of the services, which have room for a few at once.
OTHERS = {"/device/firmware", "/device/addpush"}


class FastCheckIns:
    """Answers `POST /device/register` where it can; `inner` is the whole console.

    A key that comes from a new address is looked at by the services, which is what their record
    of addresses lives on.
    """

    def __init__(self, inner: Application) -> None:
        self.inner = inner
        self.senders = KnownSenders()
        self.line = Line()
        self.writer = GroupWriter(told_by(Notices()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path == CHECK_IN and scope["method"] == "POST":
            await self._check_in(scope, receive, send)
        elif path in OTHERS:
            await self._other(scope, receive, send)
        else:
            await self.inner(scope, receive, send)

    async def _check_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken, is_whole = await read_body(receive)
        if not is_whole:  # who sends slowly must not keep the others out
            await self.inner(scope, again(taken, receive, is_whole=False), send)
            return
        call = _call(scope, taken)
        is_known = call is not None and self.senders.is_known(call)
        try:
            if call is None or not await self._fast_way(call, send, is_known=is_known):
                await self._in_turn(scope, taken, receive, send, call=call, is_known=is_known)
        except Full:
            await come_again(send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the services answer in turn; who sends or fetches slowly keeps nobody waiting."""
        taken, is_whole = await read_body(receive)
        if not is_whole:
            await self.inner(scope, again(taken, receive, is_whole=False), send)
            return
        leaving = Leaving(receive)
        leaving.watch()
        try:
            async with self.line.turn_until_begun(send) as begun:
                if leaving.is_gone:
                    await come_again(send)
                else:
                    await self.inner(scope, again(taken, leaving.receive, is_whole=True), begun)
        except Full:
            await come_again(send)
        finally:
            leaving.end()

    async def _fast_way(self, call: Call, send: Send, *, is_known: bool) -> bool:
        """Store and answer an ordinary call; tell whether it was one. Raises Full."""
        stored = await self.writer.submit(call if is_known else replace(call, is_stranger=True))
        if stored is None:
            return False
        if not is_known:
            self.senders.add(call)
        await answer(send, 200, _said(call, stored))
        return True

    async def _in_turn(
        self,
        scope: Scope,
        taken: bytes,
        receive: Receive,
        send: Send,
        *,
        call: Call | None,
        is_known: bool,
    ) -> None:
        """Let the services answer, after others that wait. Raises Full.

        Of many that come from one new address with one key, the first ones go this way, and the
        others find their sender known when they are let in.
        """
        leaving = Leaving(receive)
        leaving.watch()
        try:
            async with self.line.turn():
                if call is None or is_known or not self.senders.is_known(call):
                    await self._ordinary_way(scope, taken, leaving, send, call)
                    return
            if not await self._fast_way(call, send, is_known=True):
                async with self.line.turn():
                    await self._ordinary_way(scope, taken, leaving, send, call)
        finally:
            leaving.end()

    async def _ordinary_way(
        self, scope: Scope, taken: bytes, leaving: Leaving, send: Send, call: Call | None
    ) -> None:
        """Let the services answer, with the body as it came; not one who left while in line."""
        if leaving.is_gone:
            await come_again(send)
            return

        async def watching(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                leaving.answered()
            if call is not None and b'{"registration":{"success":true' in message.get("body", b""):
                self.senders.add(call)
            await send(message)

        known = {**scope, UNHEARD: leaving.is_unheard}
        await self.inner(known, again(taken, leaving.receive, is_whole=True), watching)


def _call(scope: Scope, body: bytes) -> Call | None:
    presented = [v for name, v in scope["headers"] if name == b"authentication"]
    if len(presented) != 1:
        return None
    address = (scope.get("client") or ("",))[0] or ""
    return read_call(presented[0].decode("latin-1"), body, address)


def _said(call: Call, stored: Stored) -> bytes:
    return answers.checked_in(
        owner=call.owner,
        alias=stored.alias,
        udid=call.udid,
        auto_update=stored.auto_update,
        mesh_ids=stored.mesh_ids,
        timestamp=int(time.time()),
    )


def with_fast_check_ins(inner: Application) -> Application:
    """Return the application with the fast way in front, unless a setting leaves it out."""
    asked = BrokerQuestions(inner)
    return FastCheckIns(asked) if settings.FAST_CHECK_INS else asked
