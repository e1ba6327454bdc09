"""Django's sign-in signals, written to the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.events import SignedIn, SignedOut, SignInRefused
from accounts.models import Organization, User
from audit.recorder import record


def _organization_of(user: User) -> Organization | None:
    return Organization.objects.filter(memberships__user=user, is_personal=True).first()


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    actor = Actor.from_request(request)
    actor.user = user
    record(actor, SignedIn, user, organization=_organization_of(user))


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        actor = Actor.from_request(request)
        actor.user = user
        record(actor, SignedOut, user, organization=_organization_of(user))


@receiver(user_login_failed)
def _refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    actor = Actor.from_request(request) if request is not None else Actor()
    name = f"{credentials.get('username') or ''}"[:120]
    user = User.objects.filter(email__iexact=name).first()
    organization = _organization_of(user) if user else None
    record(actor, SignInRefused, None, organization=organization, name=name)
