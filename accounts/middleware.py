"""Puts the actor and the chosen organization on each request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from accounts.actor import Actor
from accounts.selectors import (
    chosen_organization,
    home_organization,
    switchable_organizations,
)


class ActorMiddleware:
    """`request.actor`, `.organizations`, `.organization`, `.home_organization`: lazy, all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = SimpleLazyObject(lambda: Actor.from_request(request))  # type: ignore[attr-defined]
        request.organizations = SimpleLazyObject(lambda: switchable_organizations(request))  # type: ignore[attr-defined]
        request.organization = SimpleLazyObject(lambda: chosen_organization(request))  # type: ignore[attr-defined]
        request.home_organization = SimpleLazyObject(lambda: home_organization(request))  # type: ignore[attr-defined]
        return self.get_response(request)
