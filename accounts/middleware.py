"""Puts the actor on each request, and on each WebSocket scope."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from accounts.actor import Actor


class ActorMiddleware:
    """`request.actor`, resolved when first asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = SimpleLazyObject(lambda: Actor.from_request(request))  # type: ignore[attr-defined]
        return self.get_response(request)
