"""Sudo mode: what matters most is only done by who proved lately to sit there."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from accounts.forms.second_factor import PasswordProofForm
from accounts.second_factor.events import SudoPassed
from accounts.second_factor.limits import guess_failed, guess_passed, guess_wait
from accounts.second_factor.sessions import session_prove
from accounts.services.people import personal_organization
from accounts.views.second_factor.going_on import (
    carried_fields,
    go_on,
    local_next,
    too_many_answers,
)
from audit.recorder import record
from core.views import ScopedViewMixin


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SudoView(ScopedViewMixin, View):
    """Asks for a second factor of one's own, or for the password where there is none.

    A proof counts for a quarter of an hour. A form that is sent later than that comes here with
    its fields (see `core.views.base`): those that are no secrets are kept in the page, and
    after the proof they are sent to where they were meant for with one more click. A field that
    holds a secret is empty then, and its form says so with everything else still filled in.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask."""
        return self._page(PasswordProofForm(), None)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Check the answer and go on; or ask first, keeping what came."""
        if "sudo" not in request.POST:
            return self._page(PasswordProofForm(), carried_fields(request))
        carried = request.POST.get("carried")
        wait = guess_wait(self.actor.user.pk, self.actor.address)
        if wait:
            return too_many_answers(request, wait)
        form = PasswordProofForm(request.POST)
        if not form.is_valid() or not self._is_password(form):
            return self._page(form, carried)
        guess_passed(self.actor.user.pk)
        session_prove(request)
        record(
            self.actor,
            SudoPassed,
            self.actor.user,
            organization=personal_organization(self.actor.user),
            method="the first factor",
        )
        return go_on(request, carried)

    def _is_password(self, form: PasswordProofForm) -> bool:
        person = self.actor.user
        given = form.cleaned_data["password"]
        found = authenticate(self.request, username=person.email, password=given)
        if found is not None and found.pk == person.pk:
            return True
        guess_failed(person.pk, self.actor.address)
        form.add_error("password", "This is not your password.")
        return False

    def _page(self, form: Any, carried: str | None) -> HttpResponse:
        context = {
            "title": "Confirm that it is you",
            "form": form,
            "next": local_next(self.request),
            "carried": carried,
        }
        status = 422 if form.is_bound and form.errors else 200
        return render(self.request, "accounts/second_factor/sudo.html", context, status=status)
