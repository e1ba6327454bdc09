"""HTTP Basic authentication: a name and its password, for scripts without an API key."""

from __future__ import annotations

import base64
import binascii
import time
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.actor import Actor, client_address
from accounts.identity.addresses import has_verified_address
from core.exceptions import DomainError
from core.logging import request_id


class PasswordRefused(DomainError):
    """The name and password of a request open nothing."""

    status = 401


@dataclass(frozen=True)
class PasswordCredential:
    """The password that a request presented, and who that makes it."""

    actor: Actor


class PasswordAuthentication(BaseAuthentication):
    """Opens the API for whom a password is enough; all others need an API key.

    Wrong passwords count with those of the sign-in page and lock out alike. No answer asks a
    browser for a password, so none keeps one that a foreign page could make it send.
    """

    def authenticate(self, request: Request) -> tuple[Any, PasswordCredential] | None:
        """Return (user, credential), or None when no password is presented."""
        presented = _presented(request)
        if presented is None:
            return None
        name, given = presented
        user: Any = authenticate(request._request, username=name, password=given)
        if user is None or not has_verified_address(user):
            raise PasswordRefused(
                "accounts.password_refused", "This name and password do not belong together."
            )
        address = client_address(request._request)
        _must_suffice(Actor(user=user, address=address))
        actor = Actor(
            user=user,
            credential="password",
            proved_at=time.time(),
            address=address,
            request_id=request_id.get(),
        )
        return user, PasswordCredential(actor)


def _must_suffice(actor: Actor) -> None:
    """Raise PasswordRefused where a password alone opens nothing, with what to do instead."""
    if actor.held_back == "verify":
        raise PasswordRefused(
            "accounts.second_factor_required",
            "This account has a second factor, so a password alone does not open it. "
            "Use an API key.",
        )
    if actor.held_back == "enrol":
        raise PasswordRefused(
            "accounts.second_factor_demanded",
            "An organization of yours demands a second factor. Add one in the console, "
            "then use an API key.",
        )


def _presented(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    name, separator, given = text.partition(":")
    if not separator or "\0" in text:
        raise PasswordRefused(
            "accounts.password_refused", "The Authorization header cannot be read."
        )
    return name, given
