"""Refusals leave one event a minute for each who, what and where: a flood fills no table."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from redis.exceptions import RedisError

from audit.events import AccessRefused, EventType, Throttled
from audit.recorder import record

logger = logging.getLogger(__name__)

PAUSE = 60


def first_lately(*subject: str) -> bool:
    """Tell whether this is the first refusal of its kind within a minute; audited if so.

    With the cache away nothing is counted, and nothing is audited either: whoever is refused
    must not be able to fill the log.
    """
    digest = hashlib.sha256("\0".join(subject).encode()).hexdigest()[:32]
    try:
        return bool(cache.add(f"refused:{digest}", 1, PAUSE))
    except (RedisError, OSError) as error:
        logger.warning("cache away, refusals are not audited: %s", error)
        return False


def note(request: HttpRequest, response: HttpResponseBase) -> None:
    """Audit a request that was answered 403, or 429 with how long to wait."""
    refusal = getattr(request, "refusal", None)
    actor = getattr(request, "refused_actor", None) or getattr(request, "actor", None)
    if actor is None:
        return
    if response.status_code == 429 and response.has_header("Retry-After"):
        _record(request, actor, Throttled, None)
    elif response.status_code == 403 and actor.is_authenticated:
        _record(request, actor, AccessRefused, refusal)


def _record(
    request: HttpRequest, actor: Any, event: type[EventType], refusal: PermissionDenied | None
) -> None:
    target = getattr(refusal, "target", None)
    page = request.resolver_match.view_name if request.resolver_match else ""
    uid = f"{getattr(target, 'uid', '')}"
    if not first_lately(event.slug, actor.label, actor.address, page, uid):
        return
    try:
        record(
            actor,
            event,
            target,
            organization=organization_of(target) or _place(request, actor),
            page=page,
            method=request.method or "",
            **({"action": refusal.action} if target is not None else {}),  # type: ignore[union-attr]
        )
    except DatabaseError as error:
        logger.error("a refusal could not be audited: %s", error)


def organization_of(obj: Any) -> Any:
    """Return the organization that an object belongs to, by its scope path."""
    if obj is None:
        return None
    path = getattr(type(obj), "scope_path", "")
    if path in {"pk", ""}:
        return obj if path else None
    for name in path.split("__"):
        obj = getattr(obj, name)
    return obj


def _place(request: HttpRequest, actor: Any) -> Any:
    if not actor.is_authenticated:
        return None
    if getattr(actor, "ceiling", None) is not None:
        return actor.ceiling
    chosen = getattr(request, "organization", None) or getattr(request, "home_organization", None)
    return chosen or None
