"""Django's sign-in signals, written to the audit log."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.signals import social_account_added
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.events import LockedOut, SignedIn, SignedOut, SignInRefused
from accounts.identity.names import person_named
from accounts.models import Organization, User
from accounts.services.providers import provider_linked
from accounts.sign_in_tracking import method_in_words
from audit.recorder import record
from core.counting import count_on_commit


def _organization_of(user: User) -> Organization | None:
    return Organization.objects.filter(memberships__user=user, is_personal=True).first()


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    actor = Actor.from_request(request)
    actor.user = user
    record(
        actor,
        SignedIn,
        user,
        organization=_organization_of(user),
        method=method_in_words(request, user),
    )


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        actor = Actor.from_request(request)
        actor.user = user
        record(actor, SignedOut, user, organization=_organization_of(user))


@receiver(user_login_failed)
def _refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None and _is_not_looked_at(request):
        return
    actor = Actor.from_request(request) if request is not None else Actor()
    name = f"{credentials.get('username') or ''}"[:120]
    user = person_named(name)
    organization = _organization_of(user) if user else None
    record(actor, SignInRefused, None, organization=organization, name=name)
    count_on_commit("sign_ins_refused", organization)


@receiver(user_locked_out)
def _locked_out(request: HttpRequest, username: str | None, **_: Any) -> None:
    if _is_not_looked_at(request):
        return
    user = person_named(username or "")
    organization = _organization_of(user) if user else None
    record(
        Actor.from_request(request),
        LockedOut,
        user,
        organization=organization,
        name=f"{username or ''}"[:120],
    )


@receiver(social_account_added)
def _linked(request: HttpRequest, sociallogin: Any, **_: Any) -> None:
    actor = Actor.from_request(request)
    if actor.user is None:
        actor.user = sociallogin.user
    provider_linked(actor, account=sociallogin.account)


def _is_not_looked_at(request: Any) -> bool:
    """Tell whether the account was locked before this attempt, which then counts for nothing."""
    counted = getattr(request, "axes_failures_since_start", None) is not None
    return bool(getattr(request, "axes_locked_out", False)) and not counted
