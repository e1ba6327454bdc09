"""The one WebSocket of a page: it says *that* something changed, HTTP says *what*.

A browser sends `{"subscribe": ["build.<uid>", "org.<uid>"]}` and is told of changes in these
groups. Each subscription is a row inside `allowed(actor, "view")`, asked again every few seconds
and at once when somebody's access changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import DatabaseError
from django.db.models import Value

from accounts.actor import Actor
from accounts.live_access import access_group
from accounts.models import Organization
from accounts.oversight import write_down
from accounts.sockets import Seat, actor_in, seat_of
from builds.models import Build
from core.watching import watch
from devices.models import Device
from fleet.models import ConfigPush, Rollout

# With two queries each time; whatever changed closes a connection well within 5 seconds.
RECHECK_SECONDS = 3.0
MAX_SUBSCRIPTIONS = 50
TRY_LATER = 1013
SOURCES: dict[str, Any] = {
    "build": Build,
    "configpush": ConfigPush,
    "device": Device,
    "org": Organization,
    "rollout": Rollout,
}

logger = logging.getLogger(__name__)


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """One browser tab. Closes with 4401 when nobody is signed in, 4404 on a foreign object."""

    groups_joined: set[str]
    own_group: str = ""
    seat: Seat | None = None
    recheck: asyncio.Task[None] | None = None
    hearing: asyncio.Future[Any] | None = None
    ended: asyncio.Future[int]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Talk until the browser leaves or `close` is called; then end the connection.

        Granian sends no close as long as somebody waits for a message, and channels always does:
        so that waiting ends first. The layer may take seconds to let go; nobody waits for that.
        """
        self.ended = asyncio.get_running_loop().create_future()

        async def hear() -> Any:
            self.hearing = asyncio.ensure_future(receive())
            return await self.hearing

        talk = asyncio.ensure_future(super().__call__(scope, hear, send))
        try:
            await asyncio.wait({talk, self.ended}, return_when=asyncio.FIRST_COMPLETED)
            if not self.ended.done():
                await talk
                return
            if self.hearing is not None and not self.hearing.done():
                self.hearing.cancel()
                await asyncio.wait({self.hearing})
            await send({"type": "websocket.close", "code": self.ended.result()})
            await self.disconnect(self.ended.result())
        finally:
            talk.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopConsumer):
            await talk

    async def close(self, code: Any = None, reason: str | None = None) -> None:
        """Have the connection ended with this code."""
        if not self.ended.done():
            self.ended.set_result(int(code or 1000))

    async def connect(self) -> None:
        """Accept signed-in people only."""
        self.groups_joined = set()
        await self.accept()
        actor = await self._take_seat()
        if actor is None or actor.user is None:
            await self.close(4401)
            return
        self.own_group = access_group(actor.user)
        await self.channel_layer.group_add(self.own_group, self.channel_name)
        self.recheck = asyncio.create_task(self._keep_checking())

    async def disconnect(self, code: int) -> None:
        """Leave every group."""
        if self.recheck is not None:
            self.recheck.cancel()
        for group in {*self.groups_joined, self.own_group} - {""}:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **_: Any) -> None:
        """Subscribe to the groups named; anything else is ignored."""
        wanted = content.get("subscribe") if isinstance(content, dict) else None
        if not isinstance(wanted, list):
            return
        asked = [group for group in wanted[:MAX_SUBSCRIPTIONS] if isinstance(group, str)]
        if len(asked) != len(wanted[:MAX_SUBSCRIPTIONS]) or not await self._welcome(asked):
            await self.close(4404)
            return
        for group in asked:
            self.groups_joined.add(group)
            await self.channel_layer.group_add(group, self.channel_name)
        await sync_to_async(watch)(asked)
        await self.send_json({"type": "subscribed", "groups": sorted(self.groups_joined)})

    async def object_changed(self, event: dict[str, Any]) -> None:
        """Pass on that an object changed."""
        await self.send_json(event)

    async def log_lines(self, event: dict[str, Any]) -> None:
        """Pass on new lines of a build log."""
        await self.send_json(event)

    async def access_changed(self, event: dict[str, Any]) -> None:
        """Ask at once what this person may still see."""
        await self._still_welcome()

    async def _keep_checking(self) -> None:
        welcome = True
        try:
            while welcome:
                await asyncio.sleep(RECHECK_SECONDS)
                welcome = await self._still_welcome()
        except DatabaseError as error:  # who cannot be asked for does not listen on
            logger.warning("a live page is closed, its access cannot be asked for: %s", error)
            await self.close(TRY_LATER)

    async def _still_welcome(self) -> bool:
        """Close the connection if its session, or one of its subscriptions, is over."""
        welcome = await self._welcome(self.groups_joined)
        if not welcome:
            await self.close(4401 if welcome is None else 4404)
        return bool(welcome)

    @database_sync_to_async
    def _take_seat(self) -> Actor | None:
        self.seat = seat_of(self.scope)
        return actor_in(self.seat) if self.seat else None

    @database_sync_to_async
    def _welcome(self, groups: Iterable[str]) -> bool | None:
        """Tell whether all of these may be viewed; None when the session itself is over."""
        actor = actor_in(self.seat) if self.seat else None
        if actor is None:
            return None
        wanted = set(groups)
        watch(wanted & self.groups_joined)
        seen = viewable(actor, wanted)
        write_down(actor)
        return seen == wanted


def viewable(actor: Actor, groups: Iterable[str]) -> set[str]:
    """Return those of the groups whose object the actor may view, by one query for all."""
    wanted: dict[str, list[UUID]] = {}
    for group in groups:
        kind, _, uid = group.partition(".")
        if kind in SOURCES and _is_uid(uid):
            wanted.setdefault(kind, []).append(UUID(uid))
    found = [
        SOURCES[kind]
        ._default_manager.allowed(actor)
        .filter(uid__in=uids)
        .order_by()
        .annotate(kind=Value(kind))
        .values_list("kind", "uid")
        for kind, uids in wanted.items()
    ]
    rows = found[0].union(*found[1:]) if found else ()
    return {f"{kind}.{uid}" for kind, uid in rows}


def _is_uid(text: str) -> bool:
    try:
        return f"{UUID(text)}" == text
    except ValueError:
        return False
