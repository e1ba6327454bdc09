"""Another e-mail address: asking for it, and confirming it by the mailed link."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.generic import FormView, TemplateView

from accounts.actor import Actor
from accounts.forms.sign_up import NewEmailForm
from accounts.identity import limits
from accounts.identity.addresses import address_of_key
from accounts.profile_cards import Card, register
from accounts.services.email_change import (
    email_change_ask,
    email_change_confirm,
    email_change_withdraw,
)
from accounts.views.profile_pages import OwnAccountMixin
from accounts.views.sign_up import asked_too_often, link_used, private_page
from core.exceptions import Conflict


def pending_address(request: HttpRequest) -> EmailAddress | None:
    """Return the address that the person wants and has not confirmed yet."""
    mine = EmailAddress.objects.filter(user=request.user, primary=False, verified=False)
    return mine.first()


@private_page
class EmailChangeView(OwnAccountMixin, FormView):
    """Ask for another address, or give up one that is not confirmed yet."""

    sudo = True
    form_class = NewEmailForm
    template_name = "accounts/email_change.html"
    success_url = reverse_lazy("accounts:email_change")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "current": self.person.email}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "withdraw" in request.POST:
            email_change_withdraw(self.actor, person=self.person)
            messages.info(request, "Your address stays as it is.")
            return redirect(self.success_url)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: NewEmailForm) -> HttpResponse:
        wait = limits.EMAIL_CHANGE.take(f"{self.person.uid}", self.actor.address)
        if wait:
            return asked_too_often(self.request, wait)
        email = form.cleaned_data["email"]
        email_change_ask(self.actor, person=self.person, email=email)
        messages.success(
            self.request, f"A link is on its way to {email}. It takes effect once you follow it."
        )
        return super().form_valid(form)

    def form_invalid(self, form: NewEmailForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse_lazy("accounts:profile_security")
        return super().get_context_data(
            title="Change your e-mail address",
            crumbs=[{"label": "Profile", "url": reverse_lazy("accounts:profile")}],
            cancel_url=back,
            submit_label="Send the link",
            pending=pending_address(self.request),
            **kwargs,
        )


@private_page
class EmailConfirmView(TemplateView):
    """The mailed link. It asks for a click, since mail programs open links to look at them."""

    template_name = "accounts/email_confirm.html"
    address: EmailAddress

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        address = address_of_key(self.kwargs["key"])
        if address is None or address.primary:
            return link_used(request, again="accounts:email_change")
        self.address = address
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make the address the person's own."""
        try:
            person = email_change_confirm(Actor.from_request(request), address=self.address)
        except Conflict as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"Your e-mail address is {person.email} now.")
        if request.user.is_authenticated:
            return redirect("accounts:profile_security")
        return redirect("accounts:sign_in")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(address=self.address, **kwargs)


def _card(request: HttpRequest) -> dict[str, Any]:
    return {"pending": pending_address(request)}


register(Card("email", "accounts/cards/email.html", order=5, context=_card))
