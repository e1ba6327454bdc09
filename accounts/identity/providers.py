"""The providers that this installation is set up for, and the way to them."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse

from accounts.identity.passwords import DIRECTORY, is_kept_elsewhere
from accounts.models import Passkey, User
from core.exceptions import DomainError

logger = logging.getLogger(__name__)
ICONS = {"github": "brand-github", "google": "world", "openid_connect": "login", "saml": "building"}


@dataclass(frozen=True)
class ProviderChoice:
    """One button of the sign-in page."""

    slug: str
    name: str
    icon: str


def provider_choices() -> list[ProviderChoice]:
    """Return the providers in the order of the settings."""
    return [
        ProviderChoice(app.get("provider_id", kind), app["name"], ICONS[kind])
        for kind, entry in settings.SOCIALACCOUNT_PROVIDERS.items()
        for app in entry.get("APPS", ())
    ]


class ProviderAway(DomainError):
    """The provider does not answer, so nobody can be sent there."""

    status = 503


def provider_redirect(
    request: HttpRequest, slug: str, *, process: str, next_url: str
) -> HttpResponse:
    """Send the browser to a provider. State, nonce and PKCE verifier wait in the session.

    Raises Http404 for a provider that is not set up, and ProviderAway.
    """
    # They bring what speaks HTTP, 4 MB that a worker does without.
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    try:
        provider = get_adapter().get_provider(request, provider=slug)
    except (ObjectDoesNotExist, ImproperlyConfigured, SocialApp.DoesNotExist):
        raise Http404 from None
    more: dict[str, Any] = {}
    if provider.id in {"openid_connect", "google"}:
        nonce = secrets.token_urlsafe(16)
        more = {"nonce": nonce, "auth_params": {**provider.get_auth_params(), "nonce": nonce}}
    try:
        return provider.redirect(request, process, next_url=next_url, **more)
    except (RequestException, OAuth2Error, KeyError, ValueError) as error:
        logger.warning("%s cannot be reached: %s", slug, type(error).__name__)
        raise ProviderAway(
            "accounts.provider_away",
            f"{provider.app.name} does not answer. Try again later, or sign in another way.",
        ) from None


def linked_accounts(person: User) -> list[SocialAccount]:
    """Return the accounts elsewhere that open this one, the oldest first."""
    return list(SocialAccount.objects.filter(user=person).order_by("date_joined", "pk"))


def is_last_way_in(account: SocialAccount) -> bool:
    """Tell whether nothing else opens the person's account."""
    person = account.user
    if person.has_usable_password() and not is_kept_elsewhere(person):
        return False
    if Passkey.objects.filter(user=person, confirmed=True).exists():
        return False
    return not SocialAccount.objects.filter(user=person).exclude(pk=account.pk).exists()


def is_directory(account: SocialAccount) -> bool:
    """Tell whether a directory made the link, which it would make again."""
    return account.provider.startswith(DIRECTORY)
