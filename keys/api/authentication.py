"""API keys as REST credentials: `X-API-Key: KEY` or `Authorization: Bearer KEY`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NoReturn

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.actor import Actor, client_address
from core.logging import request_id
from keys.choices import ApiKeyKind
from keys.models import ApiKey
from keys.selectors import api_key_authenticate
from keys.services import key_digest
from keys.usage import api_key_refused, api_key_used


@dataclass(frozen=True)
class ApiKeyCredential:
    """The key that a request presented, and who that makes it."""

    key: ApiKey
    actor: Actor


class ApiKeyAuthentication(BaseAuthentication):
    """Only automation keys open the API; they act as their user within their organization."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKeyCredential] | None:
        """Return (user, credential), None when no key is presented; a wrong key is 401."""
        presented = _presented(request)
        if presented is None:
            return None
        stranger = Actor(address=client_address(request._request), request_id=request_id.get())
        key = api_key_authenticate(presented)
        if key is None or key.user is None or not key.user.is_active:
            _refuse(stranger, presented, "unknown, expired or revoked")
        if key.kind != ApiKeyKind.AUTOMATION or key.device_id:
            _refuse(stranger, presented, "for devices only")
        actor = replace(
            stranger,
            user=key.user,
            ceiling=key.organization,
            credential=f"API key {key.prefix}",
        )
        api_key_used(actor, key, address=actor.address)
        return key.user, ApiKeyCredential(key, actor)

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 names."""
        return 'Bearer realm="THiNX Console"'


def _refuse(actor: Actor, presented: str, reason: str) -> NoReturn:
    text = presented.strip().lower()
    digests = [key_digest(text)] if text.isascii() else []
    api_key_refused(actor, digests=digests, reason=reason)
    raise AuthenticationFailed(f"This API key is {reason}.")


def _presented(request: Request) -> str | None:
    key = request.headers.get("X-API-Key")
    if key:
        return key
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None
