"""Signing in and out, and the one-time link of the first start."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth import login, views
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts.forms import FirstOperatorForm, SignInForm
from accounts.identity.adapters import BACKEND
from accounts.identity.policy import sign_up_allowed
from accounts.identity.providers import provider_choices
from accounts.models import User
from accounts.services import first_operator_create, first_operator_token_is_valid
from core.exceptions import Conflict

TWO_WEEKS = 14 * 24 * 3600


class SignInView(views.LoginView):
    """Sign in by e-mail address or user name.

    Guessing is ended by django-axes, whose middleware puts the 429 page in place of ours. A right
    password of an unconfirmed address leads to the page that says a link was mailed.
    """

    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True
    http_method_names = ["get", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if f"{request.method}".lower() not in self.http_method_names:
            return self.http_method_not_allowed(request)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        person = form.get_user()
        open_session(self.request, person)
        response = perform_login(
            self.request, Login(user=person, redirect_url=self.get_success_url())
        )
        if self.request.user.is_authenticated:
            self.request.session.set_expiry(TWO_WEEKS if form.cleaned_data["remember"] else 0)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        nobody_yet = not User.objects.exists()
        return super().get_context_data(
            nobody_yet=nobody_yet,
            sign_up_allowed=sign_up_allowed(self.request) and not nobody_yet,
            providers=provider_choices(),
            **kwargs,
        )


def open_session(request: HttpRequest, person: Any) -> None:
    """Note in the session by which first factor it is about to be opened."""
    directory = getattr(person, "directory", "")
    if directory:
        record_authentication(request, person, "directory", provider=directory)
    else:
        record_authentication(request, person, "password")


class SignOutView(views.LogoutView):
    """End this session."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().post(request, *args, **kwargs)
        messages.info(request, "You are signed out.")
        return response


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class FirstOperatorView(FormView):
    """The one-time link of the first start."""

    form_class = FirstOperatorForm
    template_name = "accounts/first_operator.html"
    success_url = reverse_lazy("dashboard")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if first_operator_token_is_valid(self.kwargs["token"]):
            return super().dispatch(request, *args, **kwargs)
        return self.used_up()

    def form_valid(self, form: FirstOperatorForm) -> HttpResponse:
        try:
            person = first_operator_create(**form.cleaned_data)
        except Conflict:
            return self.used_up()
        record_authentication(self.request, person, "password")
        login(self.request, person, backend=BACKEND)
        return redirect(self.get_success_url())

    def used_up(self) -> HttpResponse:
        """Say that this link opens nothing any more."""
        context = {
            "title": "This link is used up",
            "text": "It works once and for a day. If nobody has an account here yet, start the "
            "console again: it prints a new link.",
            "action": {"label": "Sign in", "url": reverse_lazy("accounts:sign_in")},
        }
        return render(self.request, "accounts/message.html", context, status=404)
