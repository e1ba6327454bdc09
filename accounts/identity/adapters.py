"""How allauth makes people, sends mail and goes on: by our services, our mail, our pages."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts.actor import Actor
from accounts.identity import limits
from accounts.identity.lockout import address_of
from accounts.identity.methods import provider_name
from accounts.identity.names import free_username, require_free_username
from accounts.identity.policy import sign_up_allowed
from accounts.models import User
from accounts.services.sign_up import activation_send, address_known, person_create
from core.exceptions import Conflict

logger = logging.getLogger(__name__)
UNKNOWN = "unknown"  # no invitation is to it
BACKEND = "accounts.backends.EmailBackend"
SENTENCES = {
    "account/messages/email_confirmation_failed.txt": "Another account has this address by now.",
    "socialaccount/messages/account_connected.txt": "It is linked. You can sign in with it now.",
    "socialaccount/messages/account_connected_updated.txt": "It was linked to your account before.",
    "socialaccount/messages/account_connected_other.txt": "It opens another account of this "
    "console. Sign in to that one and unlink it there first.",
}


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up rules, mail and redirects of allauth's flows."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Leave it to THINX_SIGN_UP."""
        return sign_up_allowed(request)

    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001, FBT002
        """Hold a user name against the rules of every user name."""
        return username if shallow else require_free_username(username)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Open a session that ends with the browser, unless the sign-in page is told otherwise."""
        if not hasattr(user, "backend"):
            user.backend = BACKEND
        super().login(request, user)
        request.session.set_expiry(0)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Say it on the sign-in page."""
        messages.error(
            request, "This account is closed. Ask an administrator of your organization."
        )
        return redirect("accounts:sign_in")

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> HttpResponseBase:
        """Say that a mail is on its way."""
        return redirect("accounts:activation_sent")

    def send_confirmation_mail(
        self,
        request: HttpRequest,
        emailconfirmation: Any,
        signup: bool,  # noqa: FBT001
    ) -> None:
        """Send our activation mail, not oftener than it may be asked for."""
        address: EmailAddress = emailconfirmation.email_address
        if not limits.RESEND.take(address.email, address_of(request) or ""):
            activation_send(address.user)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell an address that it has an account."""
        person = User.objects.filter(email__iexact=email).first()
        if person is not None and not limits.RESEND.take(email, ""):
            address_known(person, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse: mail of ours has its own templates and goes out by `core.mail`."""
        raise TypeError(f"{template_prefix} has no template of ours")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Say it in our words; what has none is not worth a message."""
        sentence = SENTENCES.get(message_template or "")
        if sentence:
            messages.add_message(request, level, sentence)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """People who come from a provider: who they are, and which account they open."""

    def list_apps(
        self, request: HttpRequest, provider: Any = None, client_id: Any = None
    ) -> list[SocialApp]:
        """Return what the environment sets up; secrets of providers are not in the database."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Leave it to THINX_SIGN_UP, unless the provider's own `sign_up` says it."""
        own = sociallogin.provider.app.settings.get("sign_up")
        if own is not None:
            return bool(own)
        verified = [a.email for a in sociallogin.email_addresses if a.verified]
        return any(sign_up_allowed(request, email) for email in verified or [UNKNOWN])

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse answers to another question, and linking by who has not proved who they are."""
        _require_nonce(request, sociallogin)
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            actor = Actor.from_request(request)
            if not actor.is_recent:
                raise ImmediateHttpResponse(redirect("accounts:connection_list"))

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Return the person of an address that both the provider and we know to be theirs."""
        emails = [a.email.lower() for a in sociallogin.email_addresses if a.verified]
        ours = EmailAddress.objects.filter(email__in=emails, verified=True, user__is_active=True)
        found = ours.select_related("user").first()
        return (found.user, found.email) if found is not None else None

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Create the person by our service, and keep whom the provider calls them."""
        asked = form.cleaned_data if form is not None else {}
        said: Any = sociallogin.user
        email = f"{asked.get('email') or said.email}".lower()
        is_verified = any(a.verified and a.email.lower() == email for a in _addresses(sociallogin))
        try:
            person = person_create(
                Actor.from_request(request),
                email=email,
                is_verified=is_verified,
                method=provider_name(sociallogin.account.provider),
                username=asked.get("username") or free_username(said.username, email),
                first_name=said.first_name[:150],
                last_name=said.last_name[:150],
            )
        except Conflict as error:
            raise ValidationError(error.message) from None
        sociallogin.user = person
        sociallogin.account.user = person
        sociallogin.account.save()
        return person

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        """Return to the list of linked accounts."""
        return reverse("accounts:connection_list")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Log why it failed; the page only says that it did."""
        reason = (extra_context or {}).get("saml_last_error_reason") or exception or error
        logger.warning("sign-in by %s failed: %s", provider.sub_id, f"{reason}"[:300])


def _addresses(sociallogin: SocialLogin) -> list[EmailAddress]:
    return [address for address in sociallogin.email_addresses if address.email]


def _require_nonce(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Refuse an identity token that was made for another sign-in (OpenID Connect, 15.5.2)."""
    wanted = sociallogin.state.get("nonce")
    if not wanted or sociallogin.provider.id not in {"openid_connect", "google"}:
        return
    data = sociallogin.account.extra_data
    token = data.get("id_token", data)
    if token.get("nonce") != wanted:
        logger.warning("sign-in by %s failed: another nonce", sociallogin.account.provider)
        raise ImmediateHttpResponse(redirect("socialaccount_login_error"))
