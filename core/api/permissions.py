"""REST needs somebody who asks; which rows is decided by `allowed()` alone."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.exceptions import DomainError


def actor_of(request: Request) -> Any:
    """Return the actor of a credential (`request.auth`), else of the browser session."""
    credential_actor = getattr(request.auth, "actor", None)
    if credential_actor is not None:
        return credential_actor
    return request._request.actor  # type: ignore[attr-defined]


def require_recent(actor: Any) -> None:
    """Raise RecentProofRequired when a browser session has not proved lately who sits there."""
    if not actor.credential and not actor.is_recent:
        raise RecentProofRequired(
            "accounts.recent_proof_required",
            "Confirm in the console that it is you, then try again within a quarter of an hour.",
        )


class RecentProofRequired(DomainError):
    """What matters most is only done by who proved lately to sit there."""

    status = 403


class ActorPermission(BasePermission):
    """Refuses anonymous callers with 401."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether anybody is asking."""
        return bool(actor_of(request).is_authenticated)
