"""Making an account: the form, the mail, the link in it, the first page."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import EmailAddress, Login
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView

from accounts.actor import Actor
from accounts.forms.sign_up import EmailAskForm, NewPasswordForm, SignUpForm
from accounts.identity import limits
from accounts.identity.addresses import address_of_key
from accounts.identity.lockout import too_many_attempts
from accounts.identity.next_page import next_of
from accounts.identity.policy import invited_address, sign_up_allowed, sign_up_policy
from accounts.identity.providers import provider_choices
from accounts.selectors.invitations import SESSION_KEY as INVITATION
from accounts.selectors.invitations import invitation_to
from accounts.services.password_reset import way_in_ask
from accounts.services.sign_up import person_activate, person_sign_up
from core.exceptions import Conflict

MAILED_TO = "mailed_to"
AFTER_SIGN_UP = "after_sign_up"
private_page = method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")


def asked_too_often(request: HttpRequest, wait: int) -> HttpResponse:
    """Return the 429 page of somebody who asks for too much mail."""
    return too_many_attempts(request, wait, "You asked for this too often. Try again in {span}.")


@private_page
class SignUpView(FormView):
    """Who somebody is. The page after it is the same whether the address has an account or not."""

    form_class = SignUpForm
    template_name = "accounts/sign_up.html"
    success_url = reverse_lazy("accounts:activation_sent")
    http_method_names = ["get", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if f"{request.method}".lower() not in self.http_method_names:
            return self.http_method_not_allowed(request)
        if request.user.is_authenticated:
            return redirect(next_of(request))
        if not sign_up_allowed(request):
            context = {"is_closed": sign_up_policy() == "closed"}
            return render(request, "accounts/sign_up_closed.html", context, status=403)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"email": invited_address(self.request)}

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        actor, data = Actor.from_request(self.request), form.cleaned_data
        if not sign_up_allowed(self.request, data["email"]):
            form.add_error("email", f"Your invitation is for {invited_address(self.request)}.")
            return self.form_invalid(form)
        wait = limits.SIGN_UP.take(data["email"], actor.address)
        if wait:
            return asked_too_often(self.request, wait)
        try:
            person_sign_up(actor, **data)
        except Conflict as error:
            form.add_error("username", error.message)
            return self.form_invalid(form)
        self.request.session[MAILED_TO] = data["email"]
        self.request.session[AFTER_SIGN_UP] = next_of(self.request)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            next=next_of(self.request, default=""), providers=provider_choices(), **kwargs
        )


@private_page
class ActivationSentView(TemplateView):
    """Check your mail."""

    template_name = "accounts/activation_sent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        email = self.request.session.get(MAILED_TO, "")
        return super().get_context_data(email=email, **kwargs)


@private_page
class ActivationResendView(FormView):
    """Ask for the activation link again."""

    form_class = EmailAskForm
    template_name = "accounts/activation_resend.html"
    success_url = reverse_lazy("accounts:activation_sent")

    def get_initial(self) -> dict[str, Any]:
        return {"email": self.request.session.get(MAILED_TO, "")}

    def form_valid(self, form: EmailAskForm) -> HttpResponse:
        actor, email = Actor.from_request(self.request), form.cleaned_data["email"]
        wait = limits.RESEND.take(email, actor.address)
        if wait:
            return asked_too_often(self.request, wait)
        way_in_ask(actor, name=email, reset=False)
        self.request.session[MAILED_TO] = email
        return super().form_valid(form)


@private_page
class ActivateView(FormView):
    """The mailed link: a password, and the account is open. A provider's person needs none."""

    form_class = NewPasswordForm
    template_name = "accounts/activate.html"
    address: EmailAddress

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        address = address_of_key(self.kwargs["key"])
        if address is None or not address.primary:
            return link_used(request, again="accounts:activation_resend")
        self.address = address
        return super().dispatch(request, *args, **kwargs)

    @property
    def needs_password(self) -> bool:
        """Tell whether nothing else opens the account."""
        person = self.address.user
        return not person.has_usable_password() and not SocialAccount.objects.filter(user=person)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.address.user}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.needs_password:
            return super().post(request, *args, **kwargs)
        return self.activate(None)

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        return self.activate(form.cleaned_data["new_password1"])

    def activate(self, password: str | None) -> HttpResponse:
        """Confirm the address, and sign in where a password was chosen."""
        request = self.request
        try:
            person = person_activate(
                Actor.from_request(request), address=self.address, password=password
            )
        except Conflict:
            return link_used(request, again="accounts:activation_resend")
        request.session.pop(MAILED_TO, None)
        if password is None:
            return redirect("accounts:sign_in")
        record_authentication(request, person, "mail")
        target = request.session.pop(AFTER_SIGN_UP, "") or next_of(request)
        invitation = invitation_to(person.email)
        if invitation is not None:  # also when the link was followed in another browser
            request.session[INVITATION] = invitation.digest
            target = reverse("accounts:invitation_answer")
        return perform_login(request, Login(user=person, redirect_url=target))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            address=self.address, needs_password=self.needs_password, **kwargs
        )


def link_used(request: HttpRequest, *, again: str = "") -> HttpResponse:
    """Say that a mailed link opens nothing any more, and where to get another, if anywhere."""
    context = {"again": again}
    return render(request, "accounts/link_used.html", context, status=404)
