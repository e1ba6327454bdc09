"""Who is asking, where they are signed in, and what time it is for them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.actor import Actor
from accounts.own_lists import OwnLists
from accounts.selectors import (
    chosen_organization,
    home_organization,
    switchable_organizations,
)
from accounts.services.sign_ins import sign_in_seen
from accounts.sign_in_tracking import remember_browser

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ActorMiddleware:
    """`request.actor`, `.organizations`, `.organization`, `.home_organization`, `.lists`: lazy."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = SimpleLazyObject(lambda: Actor.from_request(request))  # type: ignore[attr-defined]
        request.organizations = SimpleLazyObject(lambda: switchable_organizations(request))  # type: ignore[attr-defined]
        request.organization = SimpleLazyObject(lambda: chosen_organization(request))  # type: ignore[attr-defined]
        request.home_organization = SimpleLazyObject(lambda: home_organization(request))  # type: ignore[attr-defined]
        request.lists = OwnLists(request)  # type: ignore[attr-defined]
        return self.get_response(request)


class SignInMiddleware:
    """Keeps the list of open sign-ins true; looks only at sessions that the request looked at."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key_before = request.session.session_key
        response = self.get_response(request)
        session = request.session
        if session.accessed and session.session_key and SESSION_KEY in session:
            sign_in_seen(request, user_pk=session[SESSION_KEY], key_before=key_before)
        if hasattr(request, "signed_in_person"):
            remember_browser(request, response)
        return response


class TimeZoneMiddleware:
    """Pages speak in the time zone of their reader; the API and files in UTC.

    Those without a session cost nothing here.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.session.session_key or request.path.startswith("/api/"):
            return self.get_response(request)
        with timezone.override(zone_of(request.user)):
            return self.get_response(request)


def zone_of(user: object) -> zoneinfo.ZoneInfo | None:
    """Return the time zone that a person chose, or None for that of the installation."""
    try:
        return zoneinfo.ZoneInfo(getattr(user, "time_zone", "") or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
