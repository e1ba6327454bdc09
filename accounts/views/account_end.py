"""The Data tab: taking everything along, and deleting the account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth import logout
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.generic import TemplateView

from accounts.actor import Actor
from accounts.services.account_delete import ErasurePlan, account_delete, erasure_plan
from accounts.services.account_export import account_export
from accounts.views.profile_pages import OwnAccountMixin, ProfilePage
from core.exceptions import Conflict

CHUNK = 256 * 1024
CRUMBS = [
    {"label": "Profile", "url": reverse_lazy("accounts:profile")},
    {"label": "Data", "url": reverse_lazy("accounts:profile_data")},
]


class DataView(ProfilePage):
    """What a person can do with all that is kept about them."""

    tab = "accounts:profile_data"
    template_name = "accounts/profile_data.html"


class AccountExportView(OwnAccountMixin, TemplateView):
    """GET says what is in the file, POST sends it."""

    sudo = True
    template_name = "generic/confirm.html"
    extra_context = {
        "title": "Download your data",
        "crumbs": CRUMBS,
        "cancel_url": reverse_lazy("accounts:profile_data"),
        "submit_label": "Download",
        "consequences": (
            "One ZIP file with everything that this console keeps about you, as JSON: account, "
            "roles, consents, sign-ins, your part of the audit log, and all that lies in your "
            "personal organization.",
            "Keep the file in a safe place. Secrets are not in it.",
        ),
    }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Return the file."""
        return export_response(request, account_export(self.actor, user=self.person))


class AccountDeleteView(OwnAccountMixin, TemplateView):
    """GET says what goes, POST with the typed address does it."""

    sudo = True
    template_name = "accounts/account_delete.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        plan = erasure_plan(self.person)
        found = {
            "title": "Delete your account?",
            "crumbs": CRUMBS,
            "plan": plan,
            "danger": True,
            "typed": self.person.email if plan.is_possible else "",
            "consequences": consequences(plan) if plan.is_possible else (),
            "submit_label": "Delete the account for good",
            "cancel_url": reverse("accounts:profile_data"),
        }
        return super().get_context_data(**{**found, **kwargs})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete it, sign out, and say so."""
        person = self.person
        if request.POST.get("typed") != person.email:
            return self._again(f"Type {person.email} to confirm.")
        try:
            account_delete(self.actor, user=person)
        except Conflict as error:
            return self._again(error.message)
        logout(request)
        request.actor = Actor.from_request(request)  # type: ignore[attr-defined]
        context = {
            "title": "Your account is deleted",
            "text": f"It is closed, and everything of it is being removed. {person.email} has a "
            "mail that says so.",
            "action": {"label": "Sign in to another account", "url": reverse("accounts:sign_in")},
        }
        return render(request, "accounts/message.html", context)

    def _again(self, problem: str) -> HttpResponse:
        messages.error(self.request, problem)
        return self.render_to_response(self.get_context_data(), status=422)


def consequences(plan: ErasurePlan) -> list[str]:
    """Return sentences on what goes and what stays."""
    gone = ", ".join(f"{count} {words}" for count, words in plan.counts)
    return [
        f"These go with it: {gone}." if gone else "Your personal organization is empty.",
        "Devices are refused from this moment on, over HTTP and MQTT; firmware that is on them "
        "goes on running.",
        "You leave every organization, and API keys that act as you are revoked.",
        "The audit log keeps what you did, with your name: it is a chain that nobody can change.",
        "Nobody can undo this.",
    ]


def export_response(request: HttpRequest, file: IO[bytes]) -> HttpResponseBase:
    """Send an export under a name with today's date, in pieces whatever the server is."""
    name = f"thinx-console-{timezone.now():%Y-%m-%d}.zip"
    if not isinstance(request, ASGIRequest):
        response: Any = FileResponse(file, as_attachment=True, filename=name)
    else:
        response = StreamingHttpResponse(_pieces(file))
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Type"] = "application/zip"
    response.headers["Cache-Control"] = "no-store"
    return response


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield the file without stopping the loop; close it whatever happens."""
    try:
        while piece := await sync_to_async(file.read)(CHUNK):
            yield piece
    finally:
        file.close()
