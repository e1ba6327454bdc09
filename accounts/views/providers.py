"""Signing in by a provider, and the list of those that open one's account."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from accounts.identity.methods import provider_name
from accounts.identity.next_page import next_of
from accounts.identity.providers import (
    ProviderAway,
    is_directory,
    linked_accounts,
    provider_choices,
    provider_redirect,
)
from accounts.profile_cards import Card, register
from accounts.services.providers import provider_unlink
from accounts.views.profile_pages import OwnAccountMixin
from core.exceptions import Conflict


@method_decorator(never_cache, name="dispatch")
class ProviderStartView(View):
    """Go to a provider to sign in. By POST, so that no other site can sign people in here."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, provider: str) -> HttpResponse:
        """Send the browser there; a provider that is away is said on the sign-in page."""
        try:
            return provider_redirect(request, provider, process="login", next_url=next_of(request))
        except ProviderAway as error:
            messages.error(request, error.message)
            return redirect("accounts:sign_in")


@method_decorator(never_cache, name="dispatch")
class ConnectionListView(OwnAccountMixin, TemplateView):
    """The accounts elsewhere that open this one, and those that could."""

    sudo = True
    template_name = "accounts/connection_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title="Linked accounts",
            crumbs=[{"label": "Profile", "url": reverse("accounts:profile")}],
            linked=[_row(account) for account in linked_accounts(self.person)],
            providers=provider_choices(),
            **kwargs,
        )


class ConnectionLinkView(OwnAccountMixin, View):
    """Go to a provider to link an account there."""

    sudo = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, provider: str) -> HttpResponse:
        """Send the browser there."""
        try:
            return provider_redirect(
                request, provider, process="connect", next_url=reverse("accounts:connection_list")
            )
        except ProviderAway as error:
            messages.error(request, error.message)
            return redirect("accounts:connection_list")


class ConnectionUnlinkView(OwnAccountMixin, View):
    """Forget one of them."""

    sudo = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Find it among one's own, by what the provider calls it."""
        mine = SocialAccount.objects.filter(user=self.person)
        account = mine.filter(
            provider=request.POST.get("provider", ""), uid=request.POST.get("uid", "")
        ).first()
        if account is None:
            raise Http404
        try:
            provider_unlink(self.actor, account=account)
        except Conflict as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"{provider_name(account.provider)} is unlinked.")
        return redirect("accounts:connection_list")


def _row(account: SocialAccount) -> dict[str, Any]:
    data = account.extra_data if isinstance(account.extra_data, dict) else {}
    said = data.get("userinfo") or data.get("id_token") or data
    called = said.get("email") or said.get("login") or said.get("preferred_username")
    return {
        "provider": account.provider,
        "name": provider_name(account.provider),
        "uid": account.uid,
        "called": f"{called}" if isinstance(called, str) else account.uid,
        "since": account.date_joined,
        "is_directory": is_directory(account),
    }


def _card(request: HttpRequest) -> dict[str, Any]:
    person: Any = request.user
    return {"linked": [_row(account) for account in linked_accounts(person)]}


def _is_shown(request: HttpRequest) -> bool:
    return bool(provider_choices() or settings.LDAP_DIRECTORIES)


register(Card("providers", "accounts/cards/providers.html", 40, _card, _is_shown))
