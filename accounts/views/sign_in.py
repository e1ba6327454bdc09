"""Signing in and out, and the one-time link of the first start."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth import login, views
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts import throttle
from accounts.actor import client_address
from accounts.forms import FirstOperatorForm, SignInForm
from accounts.models import User
from accounts.services import first_operator_create, first_operator_token_is_valid
from core.exceptions import Conflict

TWO_WEEKS = 14 * 24 * 3600


class PasswordGuessMixin:
    """Ends the guessing of a password after ten failures of one account at one address."""

    request: HttpRequest
    wrong_guess: ClassVar[str] = NON_FIELD_ERRORS

    def guessed_name(self) -> str:
        """Return the account whose password is asked."""
        raise TypeError(f"{type(self).__name__} does not say whose password it asks")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse before the password is looked at."""
        wait = throttle.seconds_to_wait(self.guessed_name(), client_address(request))
        if wait:
            return too_many_attempts(request, wait)
        return super().post(request, *args, **kwargs)  # type: ignore[misc]

    def form_invalid(self, form: Any) -> HttpResponse:
        """Count the failure if it was the password's."""
        if self.wrong_guess in form.errors:
            throttle.guess_failed(self.guessed_name(), client_address(self.request))
        return super().form_invalid(form)  # type: ignore[misc]

    def form_valid(self, form: Any) -> HttpResponse:
        """Forget the failures before this success."""
        throttle.guess_passed(self.guessed_name(), client_address(self.request))
        return super().form_valid(form)  # type: ignore[misc]


def too_many_attempts(request: HttpRequest, wait: int) -> HttpResponse:
    """Return the 429 page, which says when to come back."""
    minutes = -(-wait // 60)
    context = {
        "message": "Too many wrong passwords. Try again in "
        f"{minutes} {'minute' if minutes == 1 else 'minutes'}; until then even the right one "
        "is not looked at."
    }
    response = render(request, "errors/429.html", context, status=429)
    response["Retry-After"] = f"{wait}"
    return response


class SignInView(PasswordGuessMixin, views.LoginView):
    """Sign in by e-mail address or user name."""

    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def guessed_name(self) -> str:
        return self.request.POST.get("username", "")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        self.request.session.set_expiry(TWO_WEEKS if form.cleaned_data["remember"] else 0)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(nobody_yet=not User.objects.exists(), **kwargs)


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
        login(self.request, person, backend="accounts.backends.EmailBackend")
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
