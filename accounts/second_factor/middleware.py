"""The gate after any first factor: whoever is held back gets nowhere but to their factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

# What stays open to everybody: leaving, the door, whether the server lives, what a device trusts,
# and devices.
OPEN = frozenset(
    {
        "accounts:sign_out",
        "accounts:sign_in",
        "health_live",
        "health_ready",
        "connect:ca_pem",
        "connect:ca_sha256",
    }
)
OPEN_TO_DEVICES = frozenset({"gateway"})
SHOWING = frozenset(
    {"accounts:factor_verify", "accounts:passkey_show_begin", "accounts:passkey_show_complete"}
)
ENROLLING = frozenset(
    {
        "accounts:factor_enrol",
        "accounts:factor_totp_add",
        "accounts:factor_sms_add",
        "accounts:factor_sms_confirm",
        "accounts:factor_passkey_add",
        "accounts:passkey_enrol_begin",
        "accounts:passkey_enrol_complete",
        "accounts:sudo",
    }
)
ALLOWED = {"verify": OPEN | SHOWING, "enrol": OPEN | ENROLLING}
PAGE = {"verify": "accounts:factor_verify", "enrol": "accounts:factor_enrol"}
CODE = {
    "verify": (
        "accounts.second_factor_required",
        "This session has not shown your second factor yet. Sign in to the console and show it.",
    ),
    "enrol": (
        "accounts.second_factor_demanded",
        "An organization of yours demands a second factor. Add one in the console first.",
    ),
}


class SecondFactorGateMiddleware:
    """Closes every route for a held-back person except those named above.

    Pages send them to the question, the API answers 403 with a code. Sits after the middleware
    that puts `request.actor` there; a WebSocket is told by `Actor.may_attempt`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Answer in place of the view, or let it run."""
        match = request.resolver_match
        if match is None or match.view_name in OPEN or match.app_name in OPEN_TO_DEVICES:
            return None
        held = request.actor.held_back  # type: ignore[attr-defined]
        if not held or match.view_name in ALLOWED[held]:
            return None
        return refusal(request, held)


def refusal(request: HttpRequest, held: str) -> HttpResponse:
    """Return the way to the question, or 403 with a code for whoever reads no pages."""
    code, detail = CODE[held]
    if request.path.startswith(("/api/", "/device/")):
        return JsonResponse({"code": code, "detail": detail, "fields": {}}, status=403)
    query = ""
    if request.method in {"GET", "HEAD"} and not getattr(request, "htmx", False):
        query = f"?{urlencode({'next': request.get_full_path()}, safe='/')}"
    url = f"{reverse(PAGE[held])}{query}"
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(url)
    return redirect(url)
