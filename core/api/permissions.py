"""REST needs somebody who asks; which rows is decided by `allowed()` alone."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


def actor_of(request: Request) -> Any:
    """Return the actor of a credential (`request.auth`), else of the browser session."""
    credential_actor = getattr(request.auth, "actor", None)
    if credential_actor is not None:
        return credential_actor
    return request._request.actor  # type: ignore[attr-defined]


class ActorPermission(BasePermission):
    """Refuses anonymous callers with 401."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether anybody is asking."""
        return bool(actor_of(request).is_authenticated)
