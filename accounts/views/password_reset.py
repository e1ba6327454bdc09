"""A lost password: asking for the link, and what it opens."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.generic import FormView, TemplateView

from accounts.actor import Actor
from accounts.forms.sign_up import NameAskForm, NewPasswordForm
from accounts.identity import limits
from accounts.models import User
from accounts.services.password_reset import password_reset, way_in_ask
from accounts.views.sign_up import asked_too_often, link_used, private_page
from core.exceptions import Conflict


@private_page
class PasswordResetView(FormView):
    """Whose password is lost. The answer is the same for every name, and as quick."""

    form_class = NameAskForm
    template_name = "accounts/password_reset.html"
    success_url = reverse_lazy("accounts:password_reset_sent")

    def form_valid(self, form: NameAskForm) -> HttpResponse:
        actor, name = Actor.from_request(self.request), form.cleaned_data["name"]
        wait = limits.RESET.take(name, actor.address)
        if wait:
            return asked_too_often(self.request, wait)
        way_in_ask(actor, name=name, reset=True)
        return super().form_valid(form)


@private_page
class PasswordResetSentView(TemplateView):
    """Check your mail."""

    template_name = "accounts/password_reset_sent.html"


class PasswordChooseView(views.PasswordResetConfirmView):
    """The mailed link. Its token moves into the session, so that no Referer carries it."""

    form_class = NewPasswordForm
    template_name = "accounts/password_choose.html"
    success_url = reverse_lazy("accounts:sign_in")
    token_generator = default_token_generator

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(*args, uidb64=f"{kwargs.pop('uid')}", **kwargs)

    def get_user(self, uidb64: str) -> User | None:
        """Return the person of the public id."""
        return User.objects.filter(uid=uidb64, is_active=True).first()

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        token = self.request.session.pop(views.INTERNAL_RESET_SESSION_TOKEN, "")
        try:
            password_reset(
                Actor.from_request(self.request),
                person=form.user,
                token=token,
                password=form.cleaned_data["new_password1"],
            )
        except Conflict:
            return link_used(self.request, again="accounts:password_reset")
        messages.success(
            self.request, "Your new password is set, and every session is ended. Sign in with it."
        )
        return redirect(self.get_success_url())

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Say it when the link opens nothing any more."""
        if not self.validlink:
            return link_used(self.request, again="accounts:password_reset")
        return super().render_to_response(context, **kwargs)
