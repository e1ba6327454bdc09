"""Sudo mode: what matters most is only done by who proved lately to sit there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from accounts.forms.second_factor import PasswordProofForm
from accounts.second_factor.events import SudoPassed
from accounts.second_factor.limits import guess_failed, guess_passed
from accounts.second_factor.sessions import session_prove
from accounts.second_factor.ways import Way
from accounts.selectors.people import own_organization
from accounts.views.second_factor.going_on import go_on, local_next
from accounts.views.second_factor.question import QuestionView
from audit.recorder import record


class SudoView(QuestionView):
    """Asks for a second factor of one's own, or for the password where there is none.

    A proof counts for a quarter of an hour. A form that is sent later than that comes here with
    its fields (see `core.views.base`): those that are no secrets are kept in the page, and
    after the proof they are sent to where they were meant for with one more click. A field that
    holds a secret is empty then, and its form says so with everything else still filled in.
    """

    template_name = "accounts/second_factor/sudo.html"
    title = "Confirm that it is you"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send away whom this question cannot help; take back whom passkey.js brings."""
        actor = request.actor  # type: ignore[attr-defined]
        if actor.is_authenticated and actor.impersonator is not None:
            return self._not_as_another(request)
        if actor.is_authenticated and actor.held_back == "verify":
            return redirect("accounts:factor_verify")
        if actor.is_recent and request.POST.get("way") == "passkey" and "with" not in request.POST:
            return go_on(request, request.POST.get("carried"))  # its ceremony has proved it
        return super().dispatch(request, *args, **kwargs)

    def passed(self, way: Way | None, carried: str | None) -> HttpResponseBase:
        """Note the proof. Audits."""
        session_prove(self.request)
        method = way.kind if way else "password"
        person = self.actor.user
        record(self.actor, SudoPassed, person, organization=own_organization(person), method=method)
        return go_on(self.request, carried)

    def ask_otherwise(self, form: Any, carried: str | None) -> HttpResponse:
        """Ask for the password; who has none here signs in again."""
        context = {
            "title": self.title,
            "form": form or PasswordProofForm(),
            "next": local_next(self.request),
            "carried": carried,
            "has_password": self._has_password(),
            "sign_in_url": settings.LOGIN_URL,
        }
        status = 422 if form is not None and form.errors else 200
        return render(self.request, self.template_name, context, status=status)

    def _answer(self, way: Way | None, carried: str | None) -> HttpResponseBase:
        if way is not None:
            return super()._answer(way, carried)
        form = PasswordProofForm(self.request.POST)
        if not form.is_valid() or not self._is_password(form):
            return self.page(None, carried, form)
        guess_passed(self.actor.user.pk)
        return self.passed(None, carried)

    def _is_password(self, form: PasswordProofForm) -> bool:
        person = self.actor.user
        given = form.cleaned_data["password"]
        found = authenticate(self.request, username=person.email, password=given)
        if found is not None and found.pk == person.pk:
            return True
        guess_failed(person.pk, self.actor.address)
        form.add_error("password", "This is not your password.")
        return False

    def _has_password(self) -> bool:
        """Tell whether a password opens this account: its own, or that of a directory."""
        backend = self.request.session.get(BACKEND_SESSION_KEY, "")
        return self.actor.user.has_usable_password() or "DirectoryBackend" in backend

    def _not_as_another(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": "Not as somebody else",
            "text": "Keys, passwords and second factors of a person are left alone by whoever "
            "acts as them. Stop acting as them to go on.",
        }
        return render(request, "accounts/message.html", context, status=403)
