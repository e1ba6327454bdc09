"""The pages of one's own account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash, views
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.generic import TemplateView

from accounts import throttle
from accounts.actor import client_address
from accounts.forms import PasswordChangeForm
from accounts.selectors import account_activity, own_memberships
from accounts.services import password_change
from accounts.views.sign_in import PasswordGuessMixin
from core.views import Fact, ScopedViewMixin


class PasswordChangeView(PasswordGuessMixin, views.PasswordChangeView):
    """Choose a new password; this session stays, the others end."""

    form_class = PasswordChangeForm
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("accounts:profile")
    extra_context = {"cancel_url": success_url}
    wrong_guess = "old_password"

    def guessed_name(self) -> str:
        return f"{self.request.user.pk}"

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        throttle.guess_passed(self.guessed_name(), client_address(self.request))
        person = form.user
        password_change(
            self.request.actor,  # type: ignore[attr-defined]
            user=person,
            password=form.cleaned_data["new_password1"],
        )
        update_session_auth_hash(self.request, person)
        messages.success(
            self.request, "Your password is changed. Your other sessions are signed out."
        )
        return redirect(self.get_success_url())


class ProfileView(ScopedViewMixin, TemplateView):
    """Who is signed in, where they belong, and what their account did lately."""

    template_name = "accounts/profile.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.actor.user
        return super().get_context_data(
            title="Profile",
            facts=[
                Fact("E-mail address", person.email),
                Fact("User name", person.username),
                Fact("Last sign-in", time=person.last_login),
                Fact("Member since", time=person.date_joined),
            ],
            memberships=own_memberships(self.actor),
            activity=account_activity(self.actor),
            **kwargs,
        )
