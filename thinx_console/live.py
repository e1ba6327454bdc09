"""The one WebSocket of a page: it says *that* something changed, HTTP says *what*.

A browser sends `{"subscribe": ["build.<uid>", "org.<uid>"]}` and is told of changes in these
groups. Each subscription is a row inside `allowed(actor, "view")`, asked again every few seconds
and at once when somebody's access changes.
"""

from __future__ import annotations

import asyncio
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from accounts.actor import Actor
from accounts.models import Organization, User
from builds.models import Build
from core.scoping import ScopedQuerySet
from devices.models import Device

RECHECK_SECONDS = 5.0
MAX_SUBSCRIPTIONS = 50
SOURCES: dict[str, type] = {"build": Build, "device": Device, "org": Organization}


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """One browser tab. Closes with 4401 when nobody is signed in, 4404 on a foreign object."""

    groups_joined: set[str]
    own_group: str = ""
    recheck: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Accept signed-in people only."""
        self.groups_joined = set()
        await self.accept()
        if not await self._may_stay():
            await self.close(4401)
            return
        self.own_group = f"person.{self.scope['user'].uid}"
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
        for group in wanted[:MAX_SUBSCRIPTIONS]:
            if not isinstance(group, str) or not await self._may_view(group):
                await self.close(4404)
                return
            self.groups_joined.add(group)
            await self.channel_layer.group_add(group, self.channel_name)
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
        while welcome:
            await asyncio.sleep(RECHECK_SECONDS)
            welcome = await self._still_welcome()

    async def _still_welcome(self) -> bool:
        """Close the connection if its session, or one of its subscriptions, is over."""
        if not await self._may_stay():
            await self.close(4401)
            return False
        for group in list(self.groups_joined):
            if not await self._may_view(group):
                await self.close(4404)
                return False
        return True

    @database_sync_to_async
    def _may_stay(self) -> bool:
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            return False
        session = self.scope.get("session")
        person = User.objects.filter(pk=user.pk, is_active=True).first()
        if session is None or person is None:
            return False
        # As stored now: ended sessions are gone, and a new password voids the others.
        stored = session.__class__(session.session_key).load()
        said = stored.get(HASH_SESSION_KEY, "")
        return constant_time_compare(said, person.get_session_auth_hash())

    @database_sync_to_async
    def _may_view(self, group: str) -> bool:
        kind, _, uid = group.partition(".")
        model = SOURCES.get(kind)
        if model is None:
            return False
        rows: ScopedQuerySet[Any] = model._default_manager.all()  # type: ignore[attr-defined]
        try:
            return rows.allowed(Actor.from_scope(self.scope)).filter(uid=uid).exists()
        except (ValidationError, ValueError):
            return False
