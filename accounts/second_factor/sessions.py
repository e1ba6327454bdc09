"""What a browser session has proved: who sits there lately, and by which second factor."""

from __future__ import annotations

import time
from typing import Any

import django_otp
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.functional import SimpleLazyObject

from accounts.actor import PROVED_AT, Actor


def session_prove(request: HttpRequest) -> None:
    """Note that the person proved a moment ago who they are."""
    request.session[PROVED_AT] = time.time()


def session_verify(request: HttpRequest, factor: Any) -> None:
    """Mark the session as one that has shown a second factor, under a new session key.

    Whoever knew the key before (session fixation) is left with nothing.
    """
    django_otp.login(request, factor)
    session_prove(request)
    request.session.cycle_key()
    rotate_token(request)
    request.actor = SimpleLazyObject(lambda: Actor.from_request(request))  # type: ignore[attr-defined]
