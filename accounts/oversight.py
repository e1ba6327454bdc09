"""A superuser who reaches past their own roles is written down: who looked in, and where.

Rows that are answered only because nothing limits the actor are noted by `Actor.oversee`; after
the request each organization concerned, in which the person holds no role, gets one event, at
most once a minute. A list of everything at once concerns no single organization and goes to the
chain of the installation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import empty
from redis.exceptions import RedisError

from accounts.actor import Actor
from accounts.models import Organization, SavedView
from accounts.support_events import Overseen
from audit.recorder import record

ONCE_IN = 60
# The frame of every page lists one's own of these.
EVERYWHERE = {Organization._meta.label, SavedView._meta.label}

logger = logging.getLogger(__name__)


class OversightMiddleware:
    """Writes down, after the request, what only a superuser was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        asked: Any = getattr(request, "actor", None)
        # Nobody asked who is asking: then nothing was answered either, and it stays unasked.
        if getattr(asked, "_wrapped", None) is empty or asked is None or not asked.overseen:
            return response
        chosen = request.organization or None  # type: ignore[attr-defined]
        write_down(asked, chosen=chosen, method=request.method or "", path=request.path[:500])
        return response


def write_down(actor: Actor, *, chosen: Any = None, **facts: str) -> None:
    """Record what `actor.overseen` holds, and forget it. `chosen` is what lists were narrowed to.

    Costs nothing for everybody but a superuser.
    """
    if not actor.overseen or actor.user is None:
        return
    seen, actor.overseen = actor.overseen, set()
    rows = [row for _, row in seen if row is not None]
    lists = {model._meta.label for model, row in seen if row is None} - EVERYWHERE
    where: set[Organization | None] = {organization_of(row) for row in rows}
    if not rows and lists:
        where.add(chosen)
    own = [path for paths in actor.role_paths().values() for path in paths]
    for organization in where:
        if organization is not None and organization.path.startswith(tuple(own)):
            continue
        if _is_due(actor, organization):
            record(actor, Overseen, organization, organization=organization, **facts)


def organization_of(row: models.Model) -> Organization | None:
    """Return what a row belongs to, by the scope path of its model."""
    path = row.scope_path  # type: ignore[attr-defined]
    found: Any = row
    for step in () if path == "pk" else path.split("__"):
        found = getattr(found, step)
    return found if found is not None and found.pk is not None else None


def _is_due(actor: Actor, organization: Organization | None) -> bool:
    where = organization.uid if organization is not None else "installation"
    try:
        return bool(cache.add(f"overseen:{actor.user.uid}:{where}", 1, ONCE_IN))  # type: ignore[union-attr]
    except (RedisError, OSError) as error:
        logger.warning("cache away, each access of a superuser is written down: %s", error)
        return True
