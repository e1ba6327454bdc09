"""Staff who look at the console as another person: for a quarter of an hour, on the record.

The session of the member of staff stays theirs; it only names the person they act as, and until
when. This middleware puts that person on each request and the member of staff beside them as
`request.impersonator`. Nothing about the person's own account opens meanwhile, and nothing that
asks for a recent proof of who sits there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.actor import Actor, is_verified
from accounts.models import User
from accounts.selectors.people import own_organization
from accounts.services.support import impersonation_end
from accounts.support_events import ImpersonatedRequest
from audit.recorder import record

SESSION_KEY = "impersonation"
SECONDS = 15 * 60
# Of what these apps serve, only the work on organizations is open to somebody who impersonates.
ACCOUNT_SPACES = {"accounts", "admin", "account", "socialaccount", "otp_webauthn"}
ORGANIZATION_WORK = (
    "organization", "membership", "member", "invitation", "customrole", "usergroup", "share",
    "access",
)  # fmt: skip
# A person takes or leaves a role themselves.
THEIR_OWN = {
    "invitation_open", "invitation_answer", "invitation-accept", "invitation-decline",
    "organization_leave", "organization-leave",
}  # fmt: skip
SEEN_BY_THEM = {"profile", "avatar"}
CLOSED_API = ("account", "factor", "signin", "user-")
PROVIDERS = ("account_", "socialaccount_", "saml_", "github_", "google_", "openid_")
MAKES_SECRETS = {"keys:apikey_add", "keys:apikey_reveal", "api:apikey-list"}


@dataclass(frozen=True)
class Impersonation:
    """What a session says of it: the person's key in the database, and the end (since 1970)."""

    person: int
    until: float

    @property
    def is_over(self) -> bool:
        """Tell whether its quarter of an hour has passed."""
        return time.time() >= self.until


def impersonation_of(session: Mapping[str, Any]) -> Impersonation | None:
    """Return what the session says, also after its end; None when it says nothing."""
    said = session.get(SESSION_KEY)
    return Impersonation(said["person"], said["until"]) if said else None


def impersonation_begin(session: Any, person: User) -> None:
    """Let this session act as the person from the next request on."""
    session[SESSION_KEY] = {"person": person.pk, "until": time.time() + SECONDS}
    session.pop("organization", None)


def impersonation_forget(session: Any) -> None:
    """Let this session be its owner's again."""
    session.pop(SESSION_KEY, None)
    session.pop("organization", None)


def may_act_as(staff: User, person: User | None, *, verified: bool) -> bool:
    """Tell whether this member of staff may be this person, now."""
    if person is None or not person.is_active or person.is_staff or person.is_superuser:
        return False
    return staff.is_active and staff.is_superuser and verified


class ImpersonationMiddleware:
    """Puts the impersonated person on the request; writes each request down before it runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.impersonator = None  # type: ignore[attr-defined]
        request.impersonation_ended = None  # type: ignore[attr-defined]
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            told = impersonation_of(request.session)
            if told is not None:
                _take_seat(request, told)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Stop what came after the end, and what is not for somebody who impersonates."""
        person = request.impersonation_ended  # type: ignore[attr-defined]
        if person is not None:
            return _ended(request, person)
        if request.impersonator is not None and _is_closed(request, view):  # type: ignore[attr-defined]
            return _refused(request)
        return None


def _take_seat(request: HttpRequest, told: Impersonation) -> None:
    staff: Any = request.user
    if not staff.is_authenticated:
        impersonation_forget(request.session)
        return
    person = User.objects.filter(pk=told.person).first()
    leaving = request.path_info == reverse("accounts:sign_out")
    if leaving or told.is_over or not may_act_as(staff, person, verified=is_verified(staff)):
        actor = Actor.from_request(request)
        impersonation_forget(request.session)
        if person is not None:
            impersonation_end(actor, user=person, reason="signed out" if leaving else "over")
        if not leaving:
            request.impersonation_ended = person or staff  # type: ignore[attr-defined]
        return
    request.impersonated_until = datetime.fromtimestamp(told.until, UTC)  # type: ignore[attr-defined]
    _sit_down(request, staff, person)


def _sit_down(request: HttpRequest, staff: User, person: Any) -> None:
    # What django-otp's middleware gives every user; theirs shows no factor of its own.
    person.otp_device = None
    person.is_verified = lambda: False

    async def auser() -> User:
        return person

    request.impersonator = staff  # type: ignore[attr-defined]
    request.user = person
    request.auser = auser
    record(
        Actor.from_request(request),
        ImpersonatedRequest,
        person,
        organization=own_organization(person),
        method=request.method,
        path=request.path[:500],
    )


def _is_closed(request: HttpRequest, view: Any) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    space, _, name = match.view_name.rpartition(":")
    if match.view_name == "accounts:impersonation_stop":
        return False
    if space == "accounts" and name in SEEN_BY_THEM:
        return request.method not in {"GET", "HEAD"}
    if space in {"accounts", "api"} and name in THEIR_OWN:
        return True
    if match.view_name in MAKES_SECRETS and (space != "api" or request.method == "POST"):
        return True
    if space == "api":
        return name.startswith(CLOSED_API)
    if getattr(getattr(view, "view_class", None), "sudo", False):
        return True
    is_account = space in ACCOUNT_SPACES or (not space and name.startswith(PROVIDERS))
    return is_account and not (space == "accounts" and name.startswith(ORGANIZATION_WORK))


def _refused(request: HttpRequest) -> HttpResponse:
    text = (
        "This belongs to the person alone, or needs a recent proof of who sits there. Stop "
        "impersonating to do it as yourself."
    )
    if request.path.startswith("/api/"):
        return _problem("accounts.not_while_impersonating", text)
    context = {
        "title": "Not while you act for somebody else",
        "text": text,
        "action": {"label": "Go to the dashboard", "url": reverse("dashboard")},
    }
    return render(request, "accounts/message.html", context, status=403)


def _ended(request: HttpRequest, person: User) -> HttpResponse:
    text = (
        f"You are yourself again: acting as {person} has ended. Nothing was done by this request."
    )
    if request.path.startswith("/api/"):
        return _problem("accounts.impersonation_ended", text)
    messages.info(request, text)
    target = reverse("dashboard")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def _problem(code: str, detail: str) -> JsonResponse:
    return JsonResponse({"code": code, "detail": detail, "fields": {}}, status=403)
